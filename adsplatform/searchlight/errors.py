"""The error of a query that cannot be answered, its kinds, and how its sentences quote a piece of text."""

import re
from enum import StrEnum

from adsplatform.errors import PlatformError
from adsplatform.visible_text import visible

QUOTED_LENGTH = 60
# PostgreSQL stores no NUL, and half of a surrogate pair cannot be encoded as UTF-8.
IMPOSSIBLE = re.compile("[\\0\ud800-\udfff]")


class Kind(StrEnum):
    """The kinds of mistake, by the names programs know from the published query language."""

    FIELD_NOT_FOUND = "FieldNotFound"
    FIELD_TYPE_MISMATCH = "FieldTypeMismatch"
    INVALID_TOKEN = "InvalidToken"  # noqa: S105 - a token of the query language, not a credential
    EMPTY_CLAUSE = "EmptyClause"
    OPEN_CLAUSE = "OpenClause"
    TRAILING_CONJUNCTION = "TrailingConjunction"
    UNTERMINATED_STRING = "UnterminatedString"
    INCONSISTENT_CONJUNCTION = "InconsistentConjunction"
    INCLUDE_NOT_FOUND = "IncludeNotFound"
    INVALID_PAGE_SIZE = "InvalidPageSize"
    INVALID_PAGE_NUMBER = "InvalidPageNumber"
    TOO_LONG = "TooLong"


class SearchlightError(PlatformError):
    """A query that cannot be answered as written; `field` is the parameter at fault."""

    title = "The query could not be understood."

    def __init__(self, message: str, *, kind: Kind, field: str):
        super().__init__(message, field=field)
        self.kind = kind


def quoted(text: str) -> str:
    """A piece of a query in “quotes”, shortened if it is long, with invisible characters as their numbers."""
    return f"“{visible(text if len(text) <= QUOTED_LENGTH else text[:QUOTED_LENGTH] + '…')}”"


def check_text(text: str, parameter: str, limit: int) -> None:
    """Refuse a text that is too long, or has characters that no text in the database can contain."""
    if len(text) > limit:
        raise SearchlightError(
            f"The {parameter} is {len(text):,} characters long; at most {limit:,} are allowed.",
            kind=Kind.TOO_LONG,
            field=parameter,
        )
    if found := IMPOSSIBLE.search(text):
        raise SearchlightError(
            f"The character at position {found.start() + 1} of the {parameter} cannot occur in text"
            f" (U+{ord(found.group()):04X}). Take it out.",
            kind=Kind.INVALID_TOKEN,
            field=parameter,
        )
