"""What is left out for small inputs, because it would take longer than it saves."""

from syncs.models import Upload

# Rows of uploads up to this size are compared with their records. To read the row hashes of all records would take
# longer, and the more records there are, the longer.
COMPARED_BYTES = 200_000
# Below so many lines of a kind the planner needs no statistics: it knows the size of a table without.
ANALYZED_FROM = 1_000
# How many times as large a ZIP is when it is unpacked, roughly.
ZIP_RATIO = 10


def is_compared(upload: Upload | None) -> bool:
    """Whether the upload is so small that its rows are compared with their records, whatever their row hashes."""
    if upload is None:
        return False
    return upload.size * (ZIP_RATIO if upload.format == Upload.Format.ZIP else 1) <= COMPARED_BYTES
