"""A folder of each kind of server, as tests use it: put files there, see what lies there, read by the connector."""

from uuid import UUID

from syncs.connectors import connector_named
from syncs.connectors.protocol import Limits, Source
from syncs.loading.staging.vocabulary import RecordNames
from tests.object_store import KEY_ID, REGION, SECRET_KEY


class Folder:
    """What the folders of both kinds of server have."""

    connector = ""

    def source(self, full=False, state=None, **settings):
        return Source(
            app_enrollment_id=UUID("0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11"),
            full=full,
            limits=Limits(10**8, 100, 10, 10**6),
            credentials=self.credentials,
            settings=self.settings | settings,
            vocabulary=RecordNames(),
            state=state or {},
        )

    def read(self, **given):
        return list(connector_named(self.connector).rows(self.source(**given)))


class SftpTestFolder(Folder):
    connector = "sftp-folder"

    def __init__(self, sshd):
        self.sshd, self.path = sshd, sshd.new_folder()
        self.settings, self.credentials = sshd.settings(self.path), sshd.credentials

    def put(self, name, content, seconds=0):
        self.sshd.put(self.path, name, content, seconds)

    def names(self):
        """The paths of all files, below the folder."""
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())

    def text(self, name):
        return (self.path / name).read_text("utf-8-sig")


class S3TestFolder(Folder):
    connector = "s3-folder"

    def __init__(self, store):
        self.store, self.bucket = store, store.new_bucket()
        self.settings = {
            "endpoint": store.endpoint,
            "region": REGION,
            "bucket": self.bucket,
            "folder": "in/erp",
            "quietSeconds": "0",
        }
        self.credentials = {"accessKeyId": KEY_ID, "secretAccessKey": SECRET_KEY}

    def put(self, name, content, seconds=0):
        self.store.put(self.bucket, f"in/erp/{name}", content)

    def names(self):
        return sorted(key.removeprefix("in/erp/") for key in self.store.keys(self.bucket))

    def text(self, name):
        return self.store.read(self.bucket, f"in/erp/{name}").decode("utf-8-sig")
