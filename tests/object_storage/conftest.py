"""Uploads in a bucket of a real object store."""

import pytest

from tests.object_store import ObjectStore, upload_storage


@pytest.fixture(scope="session")
def object_store():
    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def bucket(object_store, settings):
    """A new bucket, which is the upload storage."""
    name = object_store.new_bucket()
    backend, options = upload_storage(object_store, name)
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
    return name
