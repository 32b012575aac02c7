"""A connector of its own, as the tests of loading have it."""

from tests.loading.conftest import enrollment, sync, uploads  # noqa: F401
