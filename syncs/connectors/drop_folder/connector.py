"""What the connectors of drop folders have in common: looking, reading, remembering, putting away."""

import csv
import io
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from syncs.connectors.drop_folder.form import Plan, plan_in
from syncs.connectors.drop_folder.names import ERRORS, deliveries, in_order, is_meant
from syncs.connectors.drop_folder.readiness import Found, look
from syncs.connectors.drop_folder.reading import Reading, waiting
from syncs.connectors.drop_folder.remote import FileChanged, RemoteFile, RemoteFolder
from syncs.connectors.protocol import (
    MOST_STATE_BYTES,
    Bookmark,
    Connector,
    ConnectorError,
    FileProblem,
    JsonValue,
    RowProblem,
    Source,
    SourceItem,
    SourceItems,
    SyncEnd,
)

# The failures that lie in the files; after others, such as a server that is away, the same files are read again.
OF_THE_FILES = {"nothing_loaded", "reject_limit", "profile_needed"}
# How many names a check says.
NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A file that was read. `is_new`: by the last sync; `is_unread`: nothing could be read from it."""

    file: RemoteFile
    is_new: bool = False
    is_unread: bool = False

    @property
    def as_json(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {"size": self.file.size, "time": self.file.time}
        optional: dict[str, JsonValue] = {
            "version": self.file.version,
            "new": self.is_new,
            "unread": self.is_unread,
        }
        return found | {name: value for name, value in optional.items() if value}


class DropFolder(Connector):
    """Reads the files of a folder, all that are complete in one sync, and remembers or moves what it has read.

    The bookmark names each file that was read, with its size and time. It is stored in the transaction that commits the
    records; files are moved only after that. If the process dies between the two, the next sync finds the file among
    the remembered ones: it is not loaded again, and moved then.
    """

    reads_files = True
    puts_files_away = True

    @abstractmethod
    def open_folder(
        self, settings: Mapping[str, str], credentials: Mapping[str, str]
    ) -> AbstractContextManager[RemoteFolder]:
        """The folder that the settings name; raises ConnectorError."""

    def check(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
        plan = plan_in(settings)
        with self.open_folder(settings, credentials) as folder:
            names = sorted(file.name for file in folder.files() if is_meant(file.name, plan.patterns, plan.marker))
        if not names:
            return f"{folder.place} can be read; there is no file to load in it now."
        more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
        files = "1 file" if len(names) == 1 else f"{len(names):,} files"
        return f"{folder.place} has {files} to load: {', '.join(names[:NAMES_SHOWN])}{more}."

    def rows(self, source: Source) -> SourceItems:
        plan, known = plan_in(source.settings), _remembered_in(source.state)
        with self.open_folder(source.settings, source.credentials) as folder:
            found = look(folder, plan, {name: one.file for name, one in known.items()})
            if plan.processed is not None and plan.failed is not None and found.ready:
                folder.prepare((plan.processed, plan.failed))
            left = [one for one in known.values() if one.file in found.present]
            yield from _remarks(found, plan, left, source)
            # What is no longer there need not be remembered.
            remembered = [_Remembered(one.file, is_unread=one.is_unread) for one in left]
            remembered += [_Remembered(marker, is_new=True) for marker in found.markers]
            _check_size(remembered + [_Remembered(file, True, True) for file in found.ready])
            for file in in_order(found.ready):
                reading = Reading(folder, file)
                yield from reading.items(source)
                if not reading.is_missed:
                    remembered.append(_Remembered(file, is_new=True, is_unread=reading.is_unread))
            yield Bookmark("", _state_of(remembered))

    def put_away(self, source: Source, end: SyncEnd) -> None:
        plan, remembered = plan_in(source.settings), _remembered_in(source.state)
        is_about_files = end.is_loaded or end.code in OF_THE_FILES
        if plan.processed is None or plan.failed is None or not remembered or not is_about_files:
            return
        problems = _by_file(end.problems, remembered)
        with self.open_folder(source.settings, source.credentials) as folder:
            for name, one in remembered.items():
                of_file = problems.get(name, [])
                has_failed = one.is_unread or any(
                    problem.is_error and problem.line is None and problem.file == name for problem in of_file
                )
                if one.is_new and not end.is_loaded:
                    has_failed = True
                target = plan.failed if has_failed else plan.processed
                try:
                    moved = folder.move(one.file, target)
                except FileChanged:
                    continue
                if of_file and one.is_new:
                    folder.put(target, moved + ERRORS, _errors(of_file, end))


def _remarks(found: Found, plan: Plan, left: list[_Remembered], source: Source) -> Iterator[SourceItem]:
    """What is to be said about files besides what is in them."""
    for file, why in found.waiting.items():
        yield waiting(file, why, source)
    if plan.moves:
        for one in left:
            name = one.file.name
            yield RowProblem(
                name,
                name,
                None,
                "file_not_moved",
                f"“{name}” has been read by an earlier sync and still lies in the folder. It was not read again, and "
                "is moved after this sync. If it stays there, look whether the user may move it.",
                kind="warning",
            )
    if source.full and (moments := deliveries(found.ready)):
        last = in_order(found.ready)[-1].name
        yield RowProblem(
            "",
            last,
            None,
            "several_deliveries",
            f"The folder has files of {len(moments):,} deliveries, by the dates in their names. All were read, and "
            "nothing was deleted, because what one of them lacks may be in another.",
            kind="warning",
            leaves_unread=True,
        )


def _remembered_in(state: Mapping[str, JsonValue]) -> dict[str, _Remembered]:
    """The files that a bookmark names."""
    whole: Any = state.get("") or {}
    return {
        name: _Remembered(
            RemoteFile(name, of["size"], of["time"], of.get("version", "")),
            is_new=of.get("new", False),
            is_unread=of.get("unread", False),
        )
        for name, of in whole.get("files", {}).items()
    }


def _state_of(remembered: Iterable[_Remembered]) -> dict[str, JsonValue]:
    return {"files": {one.file.name: one.as_json for one in remembered}}


def _check_size(remembered: list[_Remembered]) -> None:
    """Refuse more files than can be remembered, before any of them is read."""
    if len(json.dumps(_state_of(remembered))) > MOST_STATE_BYTES:
        raise ConnectorError(
            f"The folder has {len(remembered):,} files, more than can be remembered. Move older ones elsewhere, or "
            "have loaded files moved.",
            code="bad_setting",
        )


def _by_file(problems: Iterable[FileProblem], remembered: Iterable[str]) -> dict[str, list[FileProblem]]:
    """The problems by the name in the folder; what is in a ZIP has the name of the ZIP before its own."""
    names = sorted(remembered, key=len, reverse=True)
    found: dict[str, list[FileProblem]] = {}
    for problem in problems:
        for name in names:
            if problem.file == name or problem.file.startswith(f"{name}/"):
                found.setdefault(name, []).append(problem)
                break
    return found


def _errors(problems: list[FileProblem], end: SyncEnd) -> bytes:
    """The problems of a file as CSV that spreadsheets open."""
    text = io.StringIO(newline="")
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(("File", "Line", "Column", "Value", "Kind", "Code", "Problem", "Line as sent"))
    for one in problems:
        kind = "error" if one.is_error else "warning"
        line = "" if one.line is None else str(one.line)
        cells = (one.file, line, one.column, one.value, kind, one.code, one.message, one.raw)
        writer.writerow(map(_inert, cells))
    if end.more_problems:
        writer.writerow(("", "", "", "", "", "", f"{end.more_problems:,} more problems of this sync are in the Inbox."))
    return text.getvalue().encode()


def _inert(cell: str) -> str:
    """The cell, so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
