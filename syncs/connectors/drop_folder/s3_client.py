"""A folder in a bucket of an object store that speaks S3, by boto3.

Every connection goes through the guard of addresses, and nothing of this machine is used besides what is given: no
credentials, no profile, no proxy, no endpoint of its environment.
"""

import os
import posixpath
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

import boto3.session
import botocore.session
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

from syncs.connectors import addresses
from syncs.connectors.drop_folder.remote import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    MOST_FILES,
    FileChanged,
    RemoteFile,
    other_name,
)
from syncs.connectors.protocol import ConnectorError

CHUNK_BYTES = 1024**2
MOST_NAMES = 100
# Variables of the environment and files of the user that botocore would look at: name in files, in the environment,
# default, conversion.
_NOT_LOOKED_AT = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, None, None, None),
}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "InvalidToken", "ExpiredToken"}
_MISSING = {"NoSuchKey", "404", "NotFound", "PreconditionFailed", "412"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is, and who reads it; an empty endpoint is Amazon's."""

    endpoint: str
    region: str
    name: str
    key_id: str
    secret_key: str = field(default="", repr=False)


class _CheckedConnection(AWSHTTPConnection):  # type: ignore[misc] # botocore has no types
    def _new_conn(self) -> socket.socket:
        return addresses.connect(self.host, self.port, seconds=CONNECT_SECONDS)


class _CheckedTlsConnection(AWSHTTPSConnection):  # type: ignore[misc] # botocore has no types
    def _new_conn(self) -> socket.socket:
        return addresses.connect(self.host, self.port, seconds=CONNECT_SECONDS)


class _CheckedPool(AWSHTTPConnectionPool):  # type: ignore[misc] # botocore has no types
    ConnectionCls = _CheckedConnection


class _CheckedTlsPool(AWSHTTPSConnectionPool):  # type: ignore[misc] # botocore has no types
    ConnectionCls = _CheckedTlsConnection


class S3Prefix:
    """A folder of a bucket; see `RemoteFolder`."""

    def __init__(self, bucket: Bucket, prefix: str, client: Any) -> None:
        self.bucket, self.prefix, self._client = bucket, prefix, client
        self.place = f"“{prefix}” in the bucket “{bucket.name}”" if prefix else f"The bucket “{bucket.name}”"

    def files(self) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        pages = self._client.get_paginator("list_objects_v2")
        with _as_sentences(f"{self.place} cannot be read"):
            for page in pages.paginate(Bucket=self.bucket.name, Prefix=self.prefix, Delimiter="/"):
                for entry in page.get("Contents", ()):
                    name = entry["Key"][len(self.prefix) :]
                    if name and name.isprintable():
                        changed = entry["LastModified"].astimezone(UTC)
                        found.append(RemoteFile(name, entry["Size"], changed.isoformat(), entry["ETag"]))
                if len(found) > MOST_FILES:
                    raise ConnectorError(
                        f"{self.place} has more than {MOST_FILES:,} files. Move older ones elsewhere.",
                        code="bad_setting",
                    )
        return found

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def fetch(self, file: RemoteFile, into: IO[bytes]) -> None:
        with _as_sentences(f"The file “{file.name}” in {self.place} cannot be read", of_file=True):
            answer = self._client.get_object(Bucket=self.bucket.name, Key=self._key(file.name), IfMatch=file.version)
            for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
                into.write(chunk)
        if into.tell() != file.size:
            raise FileChanged(file.name)

    def prepare(self, folders: Sequence[str]) -> None:
        """Nothing: an object store has no folders, only names."""

    def move(self, file: RemoteFile, folder: str) -> str:
        with _as_sentences(f"The file “{file.name}” in {self.place} cannot be moved to “{folder}”", of_file=True):
            of = {"Bucket": self.bucket.name}
            self._check(file)
            name = self._free_name(folder, file.name)
            self._client.copy_object(
                **of,
                Key=self._key(name, folder),
                CopySource=of | {"Key": self._key(file.name)},
                CopySourceIfMatch=file.version,
            )
            # One that was put there meanwhile stays.
            self._check(file)
            self._client.delete_object(**of, Key=self._key(file.name))
            return name

    def _check(self, file: RemoteFile) -> None:
        if self._client.head_object(Bucket=self.bucket.name, Key=self._key(file.name))["ETag"] != file.version:
            raise FileChanged(file.name)

    def _free_name(self, folder: str, name: str) -> str:
        mark = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        for number in range(MOST_NAMES):
            candidate = name if not number else other_name(name, mark if number == 1 else f"{mark}-{number}")
            listed = self._client.list_objects_v2(
                Bucket=self.bucket.name, Prefix=self._key(candidate, folder), MaxKeys=1
            )
            if self._key(candidate, folder) not in [entry["Key"] for entry in listed.get("Contents", ())]:
                return candidate
        raise ConnectorError(f"No name is free for “{name}” in “{folder}”.")

    def put(self, folder: str, name: str, content: bytes) -> None:
        with _as_sentences(f"The file “{name}” cannot be written into “{folder}”"):
            self._client.put_object(Bucket=self.bucket.name, Key=self._key(name, folder), Body=content)

    def _key(self, name: str, folder: str = "") -> str:
        return posixpath.join("/", self.prefix, folder, name).lstrip("/")


@contextmanager
def open_s3(bucket: Bucket, folder: str) -> Iterator[S3Prefix]:
    """The folder; nothing is asked of the store before something is wanted of it."""
    endpoint = addresses.check_url(bucket.endpoint) if bucket.endpoint else None
    session = boto3.session.Session(
        aws_access_key_id=bucket.key_id,
        aws_secret_access_key=bucket.secret_key,
        region_name=bucket.region,
        botocore_session=botocore.session.Session(session_vars=_NOT_LOOKED_AT),
    )
    try:
        client = session.client("s3", endpoint_url=endpoint, config=_config(is_amazon=endpoint is None))
    except (BotoCoreError, ValueError) as error:
        raise ConnectorError(f"The settings of the object store are not right: {error}.", code="bad_setting") from None
    http = _checked_session()
    client.meta.events.register("before-send.s3", lambda request, **_: http.send(request))
    prefix = folder.strip("/")
    try:
        yield S3Prefix(bucket, f"{prefix}/" if prefix else "", client)
    finally:
        http.close()
        client.close()


def _config(*, is_amazon: bool) -> Config:
    return Config(
        signature_version="s3v4",
        retries={"mode": "standard", "total_max_attempts": 2},
        # Most stores besides Amazon's have no names of servers for their buckets, and not all know newer checksums.
        s3={"addressing_style": "auto" if is_amazon else "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
    )


def _checked_session() -> URLLib3Session:
    """What sends the requests, only to addresses that connectors may reach."""
    trusted = ssl.get_default_verify_paths().cafile or True
    http = URLLib3Session(verify=trusted, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), max_pool_connections=2)
    http._pool_classes_by_scheme.update({"http": _CheckedPool, "https": _CheckedTlsPool})
    return http


@contextmanager
def _as_sentences(failed: str, *, of_file: bool = False) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        answer = error.response.get("Error", {})
        code, status = str(answer.get("Code", "")), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if of_file and code in _MISSING:
            raise FileChanged(failed) from None
        if code == "NoSuchBucket":
            raise ConnectorError(f"{failed}: there is no such bucket. Check its name and the region.") from None
        if code in _REFUSED or status == 403:
            raise ConnectorError(
                f"{failed}: the object store refuses it ({code}). Check the access key, and what it may do."
            ) from None
        words = " ".join(str(answer.get("Message", "")).split())[:300].rstrip(".") or code
        is_transient = status >= 500 or status == 429 or code == "SlowDown"
        raise ConnectorError(f"{failed}: {words}.", transient=is_transient) from None
    except BotoCoreError as error:
        # What our own connection has to say comes wrapped.
        reason = getattr(error, "kwargs", {}).get("error")
        if isinstance(reason, ConnectorError):
            raise reason from None
        raise ConnectorError(f"{failed}: the object store broke off or does not answer.", transient=True) from None
