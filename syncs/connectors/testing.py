"""The conformance suite: what every connector has to do, as tests that one runs on it with a few lines.

    class TestExampleErp(ConnectorSuite):
        @pytest.fixture
        def case(self, server):
            return Case(ExampleErp(), source=source_of(server), broken=source_of(server, "breaks off"))

A property that needs a source which the case does not have is reported as skipped. Nothing here needs a database.
"""

import json
import os
import pickle
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar
from unittest import SkipTest

import psutil

from syncs.connectors import addresses
from syncs.connectors.blocks import combine_blocks
from syncs.connectors.protocol import (
    ABSENT,
    BLOCK_ROWS,
    AllKeys,
    Bookmark,
    Columns,
    Connector,
    ConnectorError,
    Deleted,
    JsonValue,
    NoHelper,
    NoVocabulary,
    Rows,
    Source,
    SourceItem,
)

T = TypeVar("T")
# What the process that is to be killed says when it is in the middle of reading.
READING = b"reading\n"
# By the name of the kind and the key of the record, the cells by column.
Books = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Case:
    """A connector and the sources that it is tried on; `source` has records of each kind and is read as a whole.

    `broken` breaks off in the middle, `refused` has credentials that are not accepted, `away` is a server that does not
    answer; `silent` is one that takes connections and says nothing, for which the connector may wait `silent_seconds`.
    `change` changes the source: adds, changes and deletes records. `peak_bytes` is the memory that reading may take.
    `key` is the column by which records are told apart; `keys` has the columns of kinds that have another key, by the
    name of their rows. `prepare` is what another process has to do before it can read.
    """

    connector: Connector
    source: Source
    empty: Source | None = None
    broken: Source | None = None
    refused: Source | None = None
    away: Source | None = None
    silent: Source | None = None
    silent_seconds: float = 60
    change: Callable[[], object] | None = None
    peak_bytes: int = 64 * 1024**2
    key: str = "erpKey"
    prepare: Callable[[], object] | None = None
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def key_of(self, name: str, record: Mapping[str, Any]) -> str:
        """What tells a record of rows of that name from others; all of it where the columns are not there."""
        columns = self.keys.get(name, (self.key,))
        return " ".join(str(record[column]) for column in columns) if set(columns) <= record.keys() else str(record)

    def read(self, source: Source | None = None) -> Iterator[SourceItem]:
        """What the connector finds, each time from the beginning of an upload."""
        found = source or self.source
        if found.content is not None:
            found.content.seek(0)
        return self.connector.rows(found)


class ConnectorSuite:
    """Derive a class from it whose fixture `case` gives a `Case`."""

    def test_it_streams_blocks_within_its_memory(self, case: Case) -> None:
        tracemalloc.start()
        try:
            for item in case.read():
                if isinstance(item, Rows | Columns):
                    _check(len(item) <= 2 * BLOCK_ROWS, f"A block has {len(item):,} rows; {BLOCK_ROWS:,} are enough.")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        _check(peak <= case.peak_bytes, f"Reading took {peak:,} bytes, more than {case.peak_bytes:,}.")

    def test_every_line_is_in_order_and_whole(self, case: Case) -> None:
        last: dict[tuple[str, str], int] = {}
        for item in case.read():
            if not isinstance(item, Rows | Columns):
                continue
            columns = len(item.columns)
            if isinstance(item, Rows):
                whole = all(len(row) == columns for row in item.cells)
            else:
                whole = len(item.cells) == columns and all(len(column) == len(item) for column in item.cells)
            _check(whole, f"Rows of “{item.name}” have other cells than columns.")
            _check(len(item.lines) == len(item.raw) == len(item), f"Rows of “{item.name}” lack their lines or texts.")
            lines = [last.get((item.name, item.file), 0), *item.lines]
            _check(all(a < b for a, b in pairwise(lines)), f"Lines of “{item.name}” do not ascend.")
            last[item.name, item.file] = lines[-1]
        _check(bool(last), "The source of the case has no rows.")

    def test_it_reads_the_same_again(self, case: Case) -> None:
        _check(_books(case, case.read()) == _books(case, case.read()), "Two readings found different records.")

    def test_it_stops_within_two_seconds(self, case: Case) -> None:
        reading = case.read()
        next(reading)
        began = time.monotonic()
        getattr(reading, "close", lambda: None)()
        _check(time.monotonic() - began < 2, "Stopping took longer than two seconds.")
        # What was read before is not stored, so it has to come again.
        _check(_books(case, case.read()) != {}, "After a reading that was stopped nothing is found.")

    def test_killed_it_leaves_nothing_behind_and_is_read_again(self, case: Case) -> None:
        if case.source.content is not None:
            raise SkipTest("An upload is read from its beginning each time.")
        books = _books(case, case.read())
        with _reading_elsewhere(case) as reader:
            # What the connector has started, such as a program.
            processes = [reader, *reader.children(recursive=True)]
            began = time.monotonic()
            reader.kill()
            _, alive = psutil.wait_procs(processes, timeout=10)
            took = time.monotonic() - began
            for process in alive:
                process.kill()
        _check(not alive and took < 2, f"Killed, it took {took:.1f} seconds to end; {len(alive)} processes were left.")
        _check(_books(case, case.read()) == books, "After a reading that was killed, another one finds other records.")

    def test_an_empty_source_is_no_error(self, case: Case) -> None:
        found = _books(case, case.read(_needed(case.empty, "empty source")))
        _check(not any(found.values()), f"An empty source has records: {found}.")

    def test_a_source_that_breaks_off_is_an_error(self, case: Case) -> None:
        _sentence(case, _error(case, _needed(case.broken, "broken source")))

    def test_wrong_credentials_are_final(self, case: Case) -> None:
        error = _error(case, _needed(case.refused, "source that refuses"))
        _sentence(case, error)
        _check(not error.transient, "Wrong credentials do not become right by trying again.")

    def test_a_server_that_is_away_is_tried_again(self, case: Case) -> None:
        error = _error(case, _needed(case.away, "server that is away"))
        _sentence(case, error)
        _check(error.transient, "A server that does not answer may answer later.")

    def test_a_silent_server_is_given_up(self, case: Case) -> None:
        began = time.monotonic()
        error = _error(case, _needed(case.silent, "silent server"))
        _check(error.transient, "A server that says nothing may answer later.")
        _check(time.monotonic() - began <= case.silent_seconds, "It waits too long for a server that says nothing.")

    def test_secrets_are_in_nothing_that_is_found(self, case: Case) -> None:
        text = json.dumps([str(item) for item in case.read()], ensure_ascii=False)
        text += case.connector.check(case.source.settings, case.source.credentials)
        _check(not _secrets_in(case, text), "What was found holds a secret.")

    def test_a_delta_leads_to_the_same_as_reading_everything(self, case: Case) -> None:
        change = _needed(case.change, "changes")
        items = list(case.read())
        books, state = _books(case, items), _state(items)
        change()
        delta = list(case.read(replace(case.source, full=False, state=MappingProxyType(state))))
        _apply(case, books, delta)
        found, expected = _kinds_with_records(books), _kinds_with_records(_books(case, case.read()))
        _check(found == expected, "After the delta the records are others than in the source.")

    def test_its_state_does_not_go_back(self, case: Case) -> None:
        states = _state(list(case.read()))
        if not states:
            raise SkipTest("The connector keeps no state.")
        source = replace(case.source, full=False, state=MappingProxyType(states))
        later = _state(list(case.read(source))) or states
        for kind, state in later.items():
            earlier = states.get(kind)
            _check(_is_not_before(state, earlier), f"The state of “{kind}” went back: {earlier}, {state}.")

    def test_its_entry_and_form_are_well_formed(self, case: Case) -> None:
        entry, form = case.connector.application, case.connector.describe()
        asked_for, names = form.fields, [field.name for field in (*entry.settings, *entry.credentials)]
        _check(len(names) == len(set(names)), "Two fields have the same name.")
        _check({field.name for field in asked_for} <= {*names}, "The form asks for what is not declared.")
        _check(not any(field.is_granted for field in asked_for), "The form asks for what the source gives.")
        _check(not any(field.is_secret for field in form.settings), "Only credentials can be secret.")
        _check(all(each.key in ("", *names) for each in entry.budgets), "A budget’s key is no field.")
        kinds = {kind.kind for kind in case.connector.kinds()}
        found = {_kind(case, item.name) for item in case.read() if isinstance(item, Rows | Columns)}
        _check(not kinds or found <= kinds, f"It reads kinds that it does not offer: {sorted(found - kinds)}.")


@contextmanager
def _reading_elsewhere(case: Case) -> Iterator[psutil.Popen]:
    """Another process that is in the middle of reading the source of the case."""
    # The vocabulary and the helper are those of this process.
    source = replace(case.source, state=dict(case.source.state), vocabulary=NoVocabulary(), helper=NoHelper())
    try:
        given = pickle.dumps((addresses.allowed(), case.prepare, case.connector, source))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SkipTest(f"It cannot be read in another process: {error}.") from error
    process = psutil.Popen(
        [sys.executable, "-c", "from syncs.connectors.testing import read_elsewhere; read_elsewhere()"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            process.stdin.write(given)
            process.stdin.close()
            _check(process.stdout.readline() == READING, "The process that was to read the source ended.")
            yield process
        finally:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def read_elsewhere() -> None:
    """The other process: reads what comes first, and then waits to be killed."""
    networks, prepare, connector, source = pickle.load(sys.stdin.buffer)  # noqa: S301, from the process of the test
    addresses.allow(networks)
    if prepare:
        prepare()
    items = connector.rows(source)
    next(items)
    sys.stdout.buffer.write(READING)
    sys.stdout.flush()
    time.sleep(60)
    del items


def _check(holds: bool, sentence: str) -> None:
    if not holds:
        raise AssertionError(sentence)


def _needed(value: T | None, what: str) -> T:
    if value is None:
        raise SkipTest(f"The case has no {what}.")
    return value


def _error(case: Case, source: Source) -> ConnectorError:
    try:
        for _ in case.read(source):
            pass
    except ConnectorError as error:
        return error
    raise AssertionError("The source was read to its end without an error.")


def _sentence(case: Case, error: ConnectorError) -> None:
    text = str(error)
    _check(text[:1].isupper() or text[:1] in "“(", f"No sentence begins like this: {text}")
    _check(text.endswith((".", "!", "?", ".”")), f"No sentence ends like this: {text}")
    _check("Traceback" not in text and "Error(" not in text, f"An error of the program is shown: {text}")
    _check(not _secrets_in(case, text), "The sentence holds a secret.")


def _secrets_in(case: Case, text: str) -> bool:
    names = [field.name for field in case.connector.application.credentials if field.is_secret]
    return any(case.source.credentials.get(name, "\0") in text for name in names)


def _kind(case: Case, name: str) -> str:
    """The kind of record that rows of that name are, as far as the source knows the names."""
    return case.source.vocabulary.kind_named(name) or name


def _books(case: Case, items: Iterator[SourceItem] | list[SourceItem]) -> Books:
    books: Books = {}
    _apply(case, books, items)
    return books


def _kinds_with_records(books: Books) -> Books:
    return {name: records for name, records in books.items() if records}


def _apply(case: Case, books: Books, items: Iterator[SourceItem] | list[SourceItem]) -> None:
    """Load items into the books as the platform does, but for all checks."""
    listed: dict[str, set[str]] = {}
    among_rows: dict[str, set[str]] = {}
    for item in combine_blocks(items):
        match item:
            case Rows() | Columns():
                for record in _records(item):
                    key = case.key_of(item.name, record)
                    among_rows.setdefault(item.name, set()).add(key)
                    known = books.setdefault(item.name, {}).setdefault(key, {})
                    known.update({name: value for name, value in record.items() if value is not ABSENT})
            case Deleted(name=name, erp_keys=keys):
                for key in keys:
                    books.get(name, {}).pop(key, None)
            case AllKeys(name=name, erp_keys=keys):
                listed.setdefault(name, set()).update(keys)
    for name, keys_listed in listed.items():
        present = keys_listed | among_rows.get(name, set())
        books[name] = {key: record for key, record in books.get(name, {}).items() if key in present}


def _records(block: Rows | Columns) -> Iterator[dict[str, Any]]:
    rows = block.cells if isinstance(block, Rows) else zip(*block.cells, strict=True)
    for row in rows:
        yield dict(zip(block.columns, row, strict=True))


def _state(items: list[SourceItem]) -> dict[str, JsonValue]:
    return {item.kind: item.state for item in items if isinstance(item, Bookmark)}


def _is_not_before(state: JsonValue, earlier: JsonValue) -> bool:
    """Whether a state is not before another, as far as values of JSON can be compared."""
    if isinstance(state, Mapping) and isinstance(earlier, Mapping):
        return all(_is_not_before(value, earlier.get(name)) for name, value in state.items())
    if isinstance(state, str) and isinstance(earlier, str):
        return state >= earlier
    if isinstance(state, int) and isinstance(earlier, int):
        return state >= earlier
    return True
