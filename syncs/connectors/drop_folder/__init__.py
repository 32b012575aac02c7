"""Folders into which others put files, on a server by SFTP or in a bucket of an object store (S3)."""

from syncs.connectors.drop_folder.s3 import S3Folder
from syncs.connectors.drop_folder.sftp import SftpFolder

__all__ = ["S3Folder", "SftpFolder"]
