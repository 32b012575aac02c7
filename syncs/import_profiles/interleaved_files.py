"""Files whose rows come between each other, such as the streams of a source, until everything is read."""

from collections.abc import Iterator

from adsplatform.records.specification import entity_named
from syncs.connectors.protocol import AllKeys, FileHeader
from syncs.import_profiles.profiled_file import ProfiledFile


class InterleavedFiles:
    """The files that have begun, by name: those that are read by a profile, and those with our own names."""

    def __init__(self) -> None:
        self._profiled: dict[str, ProfiledFile] = {}
        self._kinds: dict[str, set[str]] = {}
        self._complete: set[str] = set()

    @property
    def profiled(self) -> list[ProfiledFile]:
        """The files that are read by a profile."""
        return list(self._profiled.values())

    def begin(self, header: FileHeader, file: ProfiledFile | None) -> ProfiledFile | None:
        """Take a file; returns the one of that name whose place it takes."""
        earlier = self._profiled.pop(header.file, None)
        if file is not None:
            self._profiled[header.file] = file
        entity = entity_named(header.name)
        kinds = file.kinds if file else [entity.name] if entity else []
        self._kinds.setdefault(header.file, set()).update(kinds)
        return earlier

    def called(self, name: str) -> ProfiledFile | None:
        """The file of that name that is read by a profile."""
        return self._profiled.get(name)

    def is_complete(self, item: AllKeys) -> bool:
        """Note that all records of a file have come, if it is one of these; whether it is."""
        if item.file not in self._kinds or not item.are_in_rows:
            return False
        self._complete.add(item.file)
        return True

    def complete_kinds(self) -> Iterator[AllKeys]:
        """For each kind of which all files that bring records have come completely: that others of it are gone."""
        partly = {kind for file, kinds in self._kinds.items() if file not in self._complete for kind in kinds}
        whole = {kind: file for file in sorted(self._complete) for kind in self._kinds[file]}
        for kind, file in whole.items():
            if kind not in partly:
                yield AllKeys(kind, file, [], is_last=True, are_in_rows=True)
