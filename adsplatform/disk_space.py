"""A reserve of free disk: uploads are refused before the disk is full, so that everything else goes on."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from adsplatform.errors import PlatformError

RETRY_SECONDS = 600


class NoRoom(PlatformError):
    status = 507
    title = "Insufficient storage."


def has_room(size: int = 0) -> bool:
    """Whether the reserve would be left after that many bytes more, where uploads are stored and where they arrive."""
    folders = {Path(tempfile.gettempdir())}
    if isinstance(default_storage, FileSystemStorage):
        folders.add(_existing(Path(default_storage.location)))
    return all(shutil.disk_usage(folder).free - size >= settings.DISK_RESERVE_BYTES for folder in folders)


def check_room(size: int = 0) -> None:
    """Raise NoRoom if that many bytes more would not leave the reserve."""
    if not has_room(size):
        raise NoRoom(
            "The server has no room for uploads at the moment. Nothing was changed. Send it again later. If it "
            "goes on, tell whoever runs the platform that its disk is nearly full."
        )


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
