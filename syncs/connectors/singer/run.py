"""The runs of a tap for one sync, in a folder of its own: discovery, and reading."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any

from syncs.connectors.protocol import ConnectorError, JsonValue
from syncs.connectors.singer.catalog import Offered, catalog_in, selected
from syncs.connectors.singer.form import Config, Plan
from syncs.connectors.singer.messages import Message, decode
from syncs.connectors.singer.process import TapProcess

# The largest catalogue: a database of some ten thousand tables.
CATALOG_BYTES = 64 * 1024**2
CONFIG, CATALOG, STATE = "config.json", "catalog.json", "state.json"


class TapRun:
    """Runs a tap; its folder, with the configuration, is removed at the end. Sentences hold no secret."""

    def __init__(self, plan: Plan, line_bytes: int = CATALOG_BYTES) -> None:
        self.plan, self.line_bytes = plan, line_bytes
        self._offered: list[Offered] = []
        self._stamp = 0
        self._written: Config = plan.config

    def __enter__(self) -> "TapRun":
        self.folder = Path(tempfile.mkdtemp(prefix="tap-"))
        self._write(CONFIG, self._written)
        self._stamp = self._config_stamp()
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def discover(self) -> list[Offered]:
        """The streams that the tap offers; raises ConnectorError."""
        text = bytearray()
        for lines in self._lines("--discover", line_bytes=CATALOG_BYTES):
            text += b"\n".join(lines) + b"\n"
            if len(text) > CATALOG_BYTES:
                raise ConnectorError(
                    f"The catalogue of the tap “{self.plan.tap.name}” has more than {CATALOG_BYTES:,} bytes. Limit in "
                    "its configuration what it looks at."
                )
        self._offered = catalog_in(bytes(text), self.plan.tap.name)
        return self._offered

    def messages(self, chosen: Collection[str], state: JsonValue) -> Generator[tuple[list[Message], int]]:
        """What the tap says of these streams, after what a former state says; raises ConnectorError.

        Several messages come at once, with the bytes that they take.
        """
        arguments = ["--catalog", self._write(CATALOG, selected(self._offered, chosen, self.plan))]
        if state is not None:
            arguments += ["--state", self._write(STATE, state)]
        tap = self.plan.tap.name
        for lines in self._lines(*arguments, line_bytes=self.line_bytes):
            try:
                found = [decode(line, tap) for line in lines if line and not line.isspace()]
            except ConnectorError as error:
                raise self._masked(error) from None
            yield found, sum(map(len, lines))

    def _lines(self, *arguments: str, line_bytes: int) -> Iterator[list[bytes]]:
        config = ["--config", str(self.folder / CONFIG)]
        command = [*config, *arguments]
        with TapProcess(self.plan.tap, command, self.folder, line_bytes, self.plan.masked) as process:
            try:
                yield from process.lines()
            except ConnectorError as error:
                raise self._masked(error) from None

    def _masked(self, error: ConnectorError) -> ConnectorError:
        """The error without secrets, which the tap's own words may have."""
        return ConnectorError(self.plan.masked(str(error)), code=error.code, transient=error.transient)

    def changed_secrets(self) -> Config:
        """The secrets that the tap has written into its configuration since the last time, such as new tokens."""
        if (stamp := self._config_stamp()) == self._stamp:
            return {}
        try:
            found = json.loads((self.folder / CONFIG).read_bytes())
        except (OSError, ValueError, RecursionError):
            # It is being written; the next look will find it.
            return {}
        self._stamp = stamp
        before, self._written = self._written, found if isinstance(found, dict) else self._written
        return {
            name: value
            for name, value in self._written.items()
            if before.get(name) != value and (name in self.plan.secrets or name not in self.plan.settings)
        }

    def _config_stamp(self) -> int:
        with contextlib.suppress(OSError):
            return (self.folder / CONFIG).stat().st_mtime_ns
        return 0

    def _write(self, name: str, value: Any) -> str:
        """Write a file that nobody else may read; returns its path."""
        path = self.folder / name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(value, file)
        return str(path)
