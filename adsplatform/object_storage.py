"""The upload storage in a bucket of an object store that speaks S3, for machines without a common folder.

It needs the extra `s3`. UPLOAD_STORAGE names the class, and UPLOAD_STORAGE_OPTIONS has the options of django-storages'
S3 storage, such as `bucket_name`, `endpoint_url`, `region_name`, `access_key` and `secret_key`.
"""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3File, S3Storage
from storages.utils import clean_name

# What is larger is on disk while it is open.
MEMORY_BYTES = 1024**2
# What is sent and fetched at once; a file may have 10,000 such parts.
PART_BYTES = 8 * 1024**2
CONNECT_SECONDS, ANSWER_SECONDS = 5, 30


class ObjectFile(S3File):
    """An object that was brought here."""

    def _get_file(self) -> Any:
        with _as_os_errors(self.name):
            return super()._get_file()

    file = property(_get_file, S3File._set_file)


class ObjectStorage(S3Storage):
    """Stores files as objects; a file that is opened is brought to a private temporary file before it is read."""

    def __init__(self, **options: Any) -> None:
        config = Config(
            signature_version=options.get("signature_version") or "s3v4",
            s3={"addressing_style": options.get("addressing_style")},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Not all stores besides Amazon's know newer checksums; uploads have their own.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        ours = {
            "max_memory_size": MEMORY_BYTES,
            "client_config": config,
            # In the caller's thread: with others, each upload would hold many parts in memory.
            "transfer_config": TransferConfig(
                multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
            ),
        }
        super().__init__(**{**ours, **options})
        self._process = os.getpid()

    @property
    def connection(self) -> Any:
        """The connection of this thread. A process that was forked makes its own: two cannot share one."""
        if self._process != os.getpid():
            self._connections, self._process = threading.local(), os.getpid()
        return super().connection

    @property
    def bucket(self) -> Any:
        return self.connection.Bucket(self.bucket_name)

    def _open(self, name: str, mode: str = "rb") -> "ObjectFile":
        with _as_os_errors(name):
            opened = ObjectFile(self._normalize_name(clean_name(name)), mode, self)
            if "r" in mode:
                opened.open()
            return opened

    def _save(self, name: str, content: "File[bytes]") -> str:
        with _as_os_errors():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with _as_os_errors():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _as_os_errors():
            return bool(super().exists(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _as_os_errors():
            folders, files = super().listdir(path)
            return folders, files

    def size(self, name: str) -> int:
        with _as_os_errors(name):
            return int(super().size(name))


@contextmanager
def _as_os_errors(name: str = "") -> Iterator[None]:
    """Errors as those of a file system, which is what callers expect; the log has the store's own words."""
    try:
        yield
    except ClientError as error:
        if name and error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError(errno.ENOENT, "There is no such object", name) from error
        raise OSError(errno.EIO, f"The object store of uploads failed: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(errno.EIO, f"The object store of uploads failed: {error}") from error
