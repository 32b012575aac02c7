"""Files that only their owner may read."""

import os
from pathlib import Path


def write_privately(path: Path, text: str) -> None:
    """Write the whole file or nothing of it; at no moment can others read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
