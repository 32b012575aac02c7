"""The connector for folders in buckets of an object store that speaks S3."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.drop_folder.connector import DropFolder
from syncs.connectors.drop_folder.form import FOLDER, SETTINGS, needed_in, value_in
from syncs.connectors.drop_folder.remote import RemoteFolder
from syncs.connectors.protocol import ApplicationEntry, Field

ENDPOINT = Field(
    "endpoint",
    "Address of the object store",
    "address",
    "Like https://minio.example.com. Empty: Amazon S3.",
    group="Object store",
)
REGION = Field("region", "Region", default="us-east-1", group="Object store")
BUCKET = Field("bucket", "Bucket", is_required=True, group="Object store")
KEY_ID = Field("accessKeyId", "Access key ID", is_required=True)
SECRET_KEY = Field("secretAccessKey", "Secret access key", "password", is_secret=True, is_required=True)


@register
class S3Folder(DropFolder):
    """Reads the files that others put into a folder of a bucket."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4bed02"),
        connector="s3-folder",
        name="S3 Folder",
        description="Loads the CSV, JSONL, Excel and ZIP files that are put into a folder of a bucket (Amazon S3, "
        "MinIO and others).",
        app_type="File",
        group="Files",
        settings=(ENDPOINT, REGION, BUCKET, replace(FOLDER, help_text="Empty: the whole bucket."), *SETTINGS[1:]),
        credentials=(KEY_ID, SECRET_KEY),
    )

    def open_folder(
        self, settings: Mapping[str, str], credentials: Mapping[str, str]
    ) -> AbstractContextManager[RemoteFolder]:
        # Loaded where it is used only: each process of the platform would pay for it.
        from syncs.connectors.drop_folder.s3_client import Bucket, open_s3

        return open_s3(
            Bucket(
                endpoint=value_in(settings, ENDPOINT),
                region=value_in(settings, REGION),
                name=needed_in(settings, BUCKET),
                key_id=needed_in(credentials, KEY_ID),
                secret_key=needed_in(credentials, SECRET_KEY),
            ),
            value_in(settings, FOLDER),
        )
