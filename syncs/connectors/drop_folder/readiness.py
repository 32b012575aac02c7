"""Which files of a folder are complete and new, so that they can be read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from syncs.connectors.drop_folder.form import Plan
from syncs.connectors.drop_folder.names import is_marker, is_meant, markers_of
from syncs.connectors.drop_folder.remote import RemoteFile, RemoteFolder

# How often a folder in which something still changes is looked at again.
MOST_LOOKS = 6


@dataclass(slots=True)
class Found:
    """What was found: the files to read with their markers, why others have to wait, and those read before."""

    ready: list[RemoteFile] = field(default_factory=list)
    markers: list[RemoteFile] = field(default_factory=list)
    # The ends of sentences that begin with the name of the file.
    waiting: dict[RemoteFile, str] = field(default_factory=dict)
    present: Collection[RemoteFile] = ()


def look(folder: RemoteFolder, plan: Plan, known: Mapping[str, RemoteFile]) -> Found:
    """What can be read now, and what has to wait; `known` are the files that were read before.

    If something is new, it waits until nothing has changed for as long as the settings say, at most MOST_LOOKS times.
    """
    listed = folder.files()
    if plan.marker:
        return _by_markers(listed, plan, known)
    found = Found(_new(listed, plan, known), present=listed)
    if not found.ready or not plan.quiet_seconds:
        return found
    for _ in range(MOST_LOOKS):
        folder.wait(plan.quiet_seconds)
        listed = folder.files()
        before, found = set(found.ready), Found(_new(listed, plan, known), present=listed)
        if before == set(found.ready):
            return found
    still = [file for file in found.ready if file in before]
    found.waiting = {file: "is still being written" for file in found.ready if file not in before}
    found.ready = still
    return found


def _new(listed: list[RemoteFile], plan: Plan, known: Mapping[str, RemoteFile]) -> list[RemoteFile]:
    return [file for file in listed if is_meant(file.name, plan.patterns, plan.marker) and known.get(file.name) != file]


def _by_markers(listed: list[RemoteFile], plan: Plan, known: Mapping[str, RemoteFile]) -> Found:
    found, new = Found(present=listed), _new(listed, plan, known)
    markers = {file.name: file for file in listed if is_marker(file.name, plan.marker)}
    if "*" in plan.marker:
        for file in new:
            own = [markers[name] for name in sorted(markers_of(file.name, plan.marker)) if name in markers]
            if own:
                found.ready.append(file)
                found.markers += [marker for marker in own if marker not in found.markers]
            else:
                found.waiting[file] = f"waits for its marker “{plan.marker.replace('*', file.name, 1)}”"
        return found
    marker = markers.get(plan.marker)
    if marker is None or known.get(marker.name) == marker:
        found.waiting = dict.fromkeys(new, f"waits for the marker “{plan.marker}”")
        return found
    found.ready = [file for file in new if file.time <= marker.time]
    found.waiting = {
        file: f"came after the marker “{plan.marker}” and waits for the next one"
        for file in new
        if file.time > marker.time
    }
    found.markers = [marker]
    return found
