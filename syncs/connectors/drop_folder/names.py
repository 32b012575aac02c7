"""What the names of files say: which are meant for us, and of which day they are."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from syncs.connectors.drop_folder.remote import RemoteFile
from syncs.connectors.formats.zip_archive import stem_and_extension

ERRORS = ".errors.csv"
# Of files that are still being written, and of programs that put something beside them.
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", "~")
# Year, month and day with equal marks between them or none, or a day first with points; a time may follow.
_TIME = r"(?:[T_ -]?(?P<time>(?:[01]\d|2[0-3])[-_.:]?[0-5]\d(?:[-_.:]?[0-5]\d)?))?"
_DATES = tuple(
    re.compile(rf"(?<!\d)(?:{day}){_TIME}(?!\d)")
    for day in (
        r"(?P<year>20\d\d)(?P<mark>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=mark)(?P<day>0[1-9]|[12]\d|3[01])",
        r"(?P<day>0[1-9]|[12]\d|3[01])\.(?P<month>0[1-9]|1[0-2])\.(?P<year>20\d\d)",
    )
)


def is_meant(name: str, patterns: tuple[str, ...], marker: str) -> bool:
    """Whether a file is one to read: by the patterns of the settings, and not one that is unfinished or a marker."""
    folded = name.casefold()
    if name.startswith((".", "~$")) or folded.endswith((*UNFINISHED, ERRORS)) or is_marker(name, marker):
        return False
    return not patterns or any(fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


def is_marker(name: str, marker: str) -> bool:
    """Whether a file is a marker of the settings."""
    return bool(marker) and fnmatchcase(name, marker)


def markers_of(name: str, marker: str) -> set[str]:
    """The names that the marker of one file may have, for markers like *.done."""
    stem, _ = stem_and_extension(name)
    return {marker.replace("*", name, 1), marker.replace("*", stem, 1)}


def moment_in(name: str) -> str:
    """The date in the name, with its time if it has one, as digits that can be compared; empty if there is none."""
    for pattern in _DATES:
        if found := pattern.search(name):
            time = re.sub(r"\D", "", found["time"] or "")
            return f"{found['year']}{found['month']}{found['day']}{time}"
    return ""


def without_moment(stem: str) -> str:
    """The name without the date and the time in it."""
    for pattern in _DATES:
        stem = pattern.sub("", stem, count=1)
    return stem.strip("-_ .")


def in_order(files: Iterable[RemoteFile]) -> list[RemoteFile]:
    """The files by the day in their names or else of their last change, so that of two values the later one counts."""
    return sorted(files, key=lambda file: (moment_in(file.name) or re.sub(r"\D", "", file.time), file.time, file.name))


def deliveries(files: Iterable[RemoteFile]) -> list[str]:
    """The different moments in names that are the same without them; empty if the files are of one delivery."""
    moments: dict[str, set[str]] = {}
    for file in files:
        if moment := moment_in(file.name):
            moments.setdefault(without_moment(stem_and_extension(file.name)[0]).casefold(), set()).add(moment)
    return sorted({moment for found in moments.values() if len(found) > 1 for moment in found})
