"""What is sent: one file as it is, or several packed into one ZIP."""

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class UnusableFile(Exception):
    """Why the files that were named cannot be sent, as a sentence."""


@dataclass(frozen=True)
class Packed:
    """The file to send, and the name by which its problems will be told of."""

    path: Path
    name: str


@contextlib.contextmanager
def packed(paths: Sequence[Path]) -> Iterator[Packed]:
    """One file as it is; several as a ZIP that is removed afterwards. Raises UnusableFile."""
    files = [file for path in paths for file in _files_of(path)]
    if len(files) == 1:
        yield Packed(files[0], files[0].name)
        return
    names = [file.name for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnusableFile(f"Two files are named “{twice[0]}”: in one load, each needs a name of its own.")
    with tempfile.TemporaryDirectory(prefix="ads-") as folder:
        path = Path(folder) / "files.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for file in files:
                archive.write(file, file.name)
        yield Packed(path, path.name)


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        if not files:
            raise UnusableFile(f"There is no file in the folder “{path}”.")
        return files
    if not path.exists():
        raise UnusableFile(f"There is no file “{path}”.")
    if not path.is_file() or not path.stat().st_size:
        raise UnusableFile(f"“{path}” is {'empty' if path.is_file() else 'no file'}.")
    return [path]
