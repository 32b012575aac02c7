"""The connector for folders that are reached by SFTP."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.drop_folder.connector import DropFolder
from syncs.connectors.drop_folder.form import FOLDER, SETTINGS, needed_in, number_in, value_in
from syncs.connectors.drop_folder.remote import RemoteFolder
from syncs.connectors.protocol import ApplicationEntry, Field

HOST = Field("host", "Address", "address", "The name or the address of the server.", is_required=True, group="Server")
PORT = Field("port", "Port", "number", default="22", group="Server")
HOST_KEY = Field(
    "hostKey",
    "Fingerprint of the server’s key",
    help_text="Like SHA256:… . Leave it empty at first: Test connection says what the server shows. Compare that with "
    "what its administrator says, then enter it.",
    group="Server",
)
USER = Field("username", "User", is_required=True)
PASSWORD = Field("password", "Password", "password", is_secret=True)
PRIVATE_KEY = Field(
    "privateKey",
    "Private key",
    "password",
    "Instead of a password, or besides: all of the file, from BEGIN to END.",
    is_secret=True,
)
PASSPHRASE = Field("passphrase", "Passphrase of the private key", "password", is_secret=True)


@register
class SftpFolder(DropFolder):
    """Reads the files that others put into a folder of an SFTP server."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4bed01"),
        connector="sftp-folder",
        name="SFTP Folder",
        description="Loads the CSV, JSONL, Excel and ZIP files that are put into a folder of an SFTP server.",
        app_type="File",
        group="Files",
        settings=(HOST, PORT, HOST_KEY, *SETTINGS),
        credentials=(USER, PASSWORD, PRIVATE_KEY, PASSPHRASE),
    )

    def open_folder(
        self, settings: Mapping[str, str], credentials: Mapping[str, str]
    ) -> AbstractContextManager[RemoteFolder]:
        # Loaded where it is used only: each process of the platform would pay for it.
        from syncs.connectors.drop_folder.sftp_client import Login, open_sftp

        return open_sftp(
            Login(
                host=needed_in(settings, HOST),
                port=number_in(settings, PORT, 1, 65_535),
                host_key=value_in(settings, HOST_KEY),
                user=needed_in(credentials, USER),
                password=credentials.get(PASSWORD.name, ""),
                private_key=credentials.get(PRIVATE_KEY.name, ""),
                passphrase=credentials.get(PASSPHRASE.name, ""),
            ),
            value_in(settings, FOLDER),
        )
