"""Real servers with folders, started once."""

import pytest

from tests.drop_folder.folders import S3TestFolder, SftpTestFolder
from tests.drop_folder.sshd import IS_INSTALLED, NOT_INSTALLED, Sshd
from tests.object_store import ObjectStore


@pytest.fixture(scope="session")
def sshd():
    if not IS_INSTALLED:
        pytest.skip(NOT_INSTALLED)
    server = Sshd()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def object_store():
    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def sftp_folder(sshd):
    return SftpTestFolder(sshd)


@pytest.fixture
def s3_folder(object_store):
    return S3TestFolder(object_store)


@pytest.fixture(params=["sftp", "s3"])
def folder(request):
    """A new folder of each kind of server in turn."""
    return request.getfixturevalue(f"{request.param}_folder")
