"""An enrollment whose books have companies to refer to."""

import pytest

from tests.import_profiles.loading import ProfiledUploads


@pytest.fixture
def uploads(db):
    found = ProfiledUploads()
    found.companies(("K1", "Holz AG"), ("K2", "Stein GmbH"))
    return found
