"""The columns that a download of rejected rows adds to each row."""

from collections.abc import Iterable

# The columns that a download adds to a row; an upload ignores them.
ADDED_COLUMNS = ("_file", "_line", "_column", "_code", "_message")


def is_download(columns: Iterable[str]) -> bool:
    """Whether a file with these columns is a download of rejected rows."""
    return {"_line", "_code"} <= {name.strip().lower() for name in columns}
