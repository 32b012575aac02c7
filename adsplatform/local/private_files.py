"""Files that only we may read."""

import os
from pathlib import Path


def write_privately(path: Path, text: str) -> None:
    """Write the file whole or not at all, and at no moment readable by others."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
