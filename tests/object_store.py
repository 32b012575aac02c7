"""Buckets of an object store for the tests: moto's, which speaks S3 over HTTP."""

import itertools

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

REGION, KEY_ID, SECRET_KEY = "us-east-1", "AKIDOFTESTS", "secret-key-of-tests"
# All servers of one process have the same buckets.
NUMBERS = itertools.count(1)


class ObjectStore:
    """A server in a thread of this process."""

    def __init__(self):
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        _, self.port = self._server.get_host_and_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    def new_bucket(self):
        name = f"bucket-{next(NUMBERS)}"
        self.client.create_bucket(Bucket=name)
        return name

    def put(self, bucket, key, content):
        self.client.put_object(Bucket=bucket, Key=key, Body=content if isinstance(content, bytes) else content.encode())

    def keys(self, bucket):
        return sorted(entry["Key"] for entry in self.client.list_objects_v2(Bucket=bucket).get("Contents", ()))

    def read(self, bucket, key):
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def stop(self):
        self._server.stop()


def upload_storage(store, bucket):
    """The setting by which uploads are stored in a bucket: the class, and its options."""
    return "adsplatform.object_storage.ObjectStorage", {
        "bucket_name": bucket,
        "endpoint_url": store.endpoint,
        "region_name": REGION,
        "access_key": KEY_ID,
        "secret_key": SECRET_KEY,
        "addressing_style": "path",
    }
