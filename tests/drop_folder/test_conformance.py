"""Drop folders do what every connector has to do."""

import socket

import asyncssh
import pytest

from syncs.connectors import connector_named
from syncs.connectors.drop_folder import s3_client, sftp_client
from syncs.connectors.testing import Case, ConnectorSuite
from tests.drop_folder.folders import S3TestFolder, SftpTestFolder
from tests.sql_source.proxy import Proxy

HEADER = "erpKey,companyName,companyType,isActive\n"


def companies(**names):
    """A file of companies, by their keys."""
    return HEADER + "".join(f"{key},{name},Customer,true\n" for key, name in names.items())


COMPANIES = companies(C1="Acme", C2="Böhm")
INVOICES = "erpKey,companyErpKey,totalAmount\n" + "".join(f"I{number},C1,10.50\n" for number in range(12_000))
# Beyond what signing in takes, and before the end of the files.
CUT_AFTER_BYTES = 60_000
SILENT_SECONDS = 1


@pytest.fixture
def silent():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def cut_off():
    """Makes ways to a server on which connections break off."""
    opened = []

    def way_to(port):
        opened.append(Proxy(port))
        opened[-1].cut_after = CUT_AFTER_BYTES
        return opened[-1].port

    yield way_to
    for proxy in opened:
        proxy.close()


def filled(folder):
    folder.put("companies_2026-11-30.csv", COMPANIES)
    folder.put("invoices_2026-11-30.csv", INVOICES)
    return folder


def change(folder):
    folder.put("companies_2026-12-01.csv", companies(C2="Böhm & Söhne", C3="Carl"), seconds=86_400)


class TestSftpFolder(ConnectorSuite):
    @pytest.fixture
    def case(self, sshd, silent, cut_off, monkeypatch):
        monkeypatch.setattr(sftp_client, "CONNECT_SECONDS", SILENT_SECONDS)
        folder, source = filled(SftpTestFolder(sshd)), SftpTestFolder.source
        other_key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        refused = SftpTestFolder(sshd)
        refused.credentials = folder.credentials | {"privateKey": other_key}
        return Case(
            connector_named("sftp-folder"),
            folder.source(),
            empty=SftpTestFolder(sshd).source(),
            broken=source(folder, port=str(cut_off(sshd.port))),
            refused=refused.source(),
            away=source(folder, port="1"),
            silent=source(folder, port=str(silent)),
            silent_seconds=20,
            change=lambda: change(folder),
        )


class TestS3Folder(ConnectorSuite):
    @pytest.fixture
    def case(self, object_store, silent, cut_off, monkeypatch):
        monkeypatch.setattr(s3_client, "ANSWER_SECONDS", SILENT_SECONDS)
        folder = filled(S3TestFolder(object_store))
        return Case(
            connector_named("s3-folder"),
            folder.source(),
            empty=S3TestFolder(object_store).source(),
            broken=folder.source(endpoint=f"http://127.0.0.1:{cut_off(object_store.port)}"),
            refused=folder.source(bucket="none-of-this-name"),
            away=folder.source(endpoint="http://127.0.0.1:1"),
            silent=folder.source(endpoint=f"http://127.0.0.1:{silent}"),
            silent_seconds=20,
            change=lambda: change(folder),
        )
