"""A limit on how long a caller's query may keep the database busy, and how many threads such queries occupy."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError
from psycopg.errors import QueryCanceled

from adsplatform.errors import PlatformError
from adsplatform.rest.threads import occupied_thread
from adsplatform.statement_timeout import statement_timeout


class QueryTooSlow(PlatformError):
    title = "The query took too long."


@contextmanager
def limited_read() -> Iterator[None]:
    """Stop statements of this block that run too long; raises QueryTooSlow, and Busy before the block."""
    seconds = settings.READ_SECONDS
    try:
        with occupied_thread(), statement_timeout(seconds):
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise QueryTooSlow(
            f"The query took longer than {seconds:g} seconds and was stopped. Narrow it: fewer conditions that search "
            "within texts, fewer rows.",
            field="filter",
        ) from error
