"""Corrections of rejected lines, and loading them again: each function returns the object or raises a PlatformError."""

import json
from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from adsplatform.accounts.models import User, with_people
from adsplatform.errors import Conflict, PlatformError
from adsplatform.records.checks import as_text, printable, quoted
from adsplatform.records.keys import clean_key
from adsplatform.records.specification import Entity, Lookup, entities
from syncs.loading.merge.references import is_in_books, name_called
from syncs.loading.staging.header_mapping import check_line, column_named, columns_of_line, folded_name, nearest
from syncs.models import SyncFile, SyncRequest, SyncResultDetail, Upload
from syncs.models.corrections import Correction, CorrectionQuerySet
from syncs.rejected_rows.reader import RejectedRow, RejectedRowReader
from syncs.services.profiled_lines import check_profiled_line, profile_of
from syncs.services.requests import check_usable, request_replay
from syncs.services.uploads import store_upload

# Codes of values that a check of the line alone may accept as they are: those stored in another form than they were
# sent, for example objects as texts; numbers that only the other lines of the file make ambiguous; and deletes that
# only the request for the upload rules out.
_TO_BE_CHANGED = {
    "nul_character",
    "bad_encoding",
    "nested_value",
    "boolean_key",
    "ambiguous_number",
    "delete_not_asked_for",
}
_SPOOLED_BYTES = 8 * 1024**2


class CorrectedMeanwhile(Conflict):
    """Somebody else has corrected the line since it was looked at."""

    def __init__(self, correction: Correction | None) -> None:
        who = correction.corrected_by if correction and correction.corrected_by_id else "Somebody else"
        when = f" at {correction.corrected_at:%H:%M} UTC" if correction else ""
        super().__init__(f"{who} corrected this line{when}, after you had opened it, so yours was not saved.")


class _Name(NamedTuple):
    """The name in a reference of a line: a record of `lookup.target` by its key, code or id."""

    lookup: Lookup
    name: str


def rejected_line(detail: SyncResultDetail) -> tuple[RejectedRow, Correction | None]:
    """The line that a problem is about, as it was sent, and its correction; raises if it cannot be corrected."""
    line = RejectedRowReader(detail.sync_request).row_of(detail)
    if line is None:
        raise PlatformError("Only a line that was not loaded can be corrected; this problem is not about one.")
    _entity_of(line)
    profile_of(line)
    corrections = _corrections_of(detail.sync_request, line).select_related("replay")
    return line, with_people(corrections, "corrected_by").first()


@transaction.atomic
def save_correction(
    detail: SyncResultDetail, user: User | None, values: Mapping[str, object], *, seen: str | None = None
) -> Correction:
    """Put values (by column, in any case) into a rejected line and check it by the rules of a sync.

    Other columns stay as they were. Records that the line refers to may be loaded later: see `still_missing`. `seen` is
    the `version` of the correction that the values were made from, "" for none; raises Conflict if another has been
    saved since.
    """
    line, _ = rejected_line(detail)
    found = _corrections_of(detail.sync_request, line).select_for_update(of=("self",)).select_related("replay")
    correction = with_people(found, "corrected_by").first()
    if correction and correction.state == Correction.State.CURED:
        raise Conflict("This line has been loaded since it was corrected. Change the record where it comes from.")
    if correction and correction.is_being_loaded:
        raise Conflict("This line is just being loaded again. Wait for the end of that sync.")
    if seen is not None and seen != (correction.version if correction else ""):
        raise CorrectedMeanwhile(correction)
    before = correction.values if correction else line.values
    after = _with_values(line, before, values)
    problems = _problems(line, after)
    correction, _ = Correction.objects.update_or_create(
        sync_request_id=detail.sync_request.origin_id,
        entity=line.entity,
        file=line.file,
        line=line.line,
        defaults={
            "group_key_id": detail.group_key_id,
            "cells": [[printable(name), printable(text)] for name, text in after.items()],
            "problems": problems,
            "state": Correction.State.OPEN if problems else Correction.State.CORRECTED,
            "corrected_by": user,
            "corrected_at": timezone.now(),
        },
    )
    return correction


def still_missing(correction: Correction) -> list[dict[str, str]]:
    """What a corrected line refers to that does not exist yet: column, code and message of each.

    This does not prevent the correction, because the missing record may be loaded before the line; if not, the line is
    rejected again.
    """
    entity = entities()[correction.entity]
    missing = [name for name in _names(entity, correction.values) if not _is_in_books(correction, name)]
    on_corrected_lines = _on_corrected_lines(correction, missing)
    return [_missing_problem(entity, name) for name in missing if name not in on_corrected_lines]


def _names(entity: Entity, values: dict[str, str]) -> list[_Name]:
    """The names in the references of a line, except names of the line's own record."""
    given = _comparable(entity, values)
    found = []
    for lookup in (lookup for reference in entity.references for lookup in reference.lookups):
        name = given.get(lookup.column)
        if not name or (lookup.when and given.get(lookup.when[0]) != lookup.when[1]):
            continue
        if lookup.target == entity.name and given.get(lookup.target_column) == name:
            continue
        found.append(_Name(lookup, name))
    return found


def _missing_problem(entity: Entity, name: _Name) -> dict[str, str]:
    target = entities()[name.lookup.target]
    wire, called = entity.columns[name.lookup.column].wire, name_called(name.lookup)
    message = (
        f"{wire}: no {target.singular} has the {called} {quoted(name.name)} yet, neither in the books nor on a "
        f"corrected line of this sync. Load the {target.singular} first, or correct the {called}."
    )
    return {"column": wire, "code": "reference_not_found", "message": message}


def _is_in_books(correction: Correction, name: _Name) -> bool:
    return is_in_books(
        name.lookup,
        name.name,
        enrollment=correction.sync_request.app_enrollment_id,
        group_key=correction.group_key_id,
    )


def _on_corrected_lines(correction: Correction, names: Collection[_Name]) -> set[_Name]:
    """The names that a corrected line of the same sync will add; one query for all of them.

    The query narrows by the unique constraint's index to the corrections of one sync, and by the text of a cell,
    whatever its column; which column it is depends on the spelling of its name.
    """
    if not names:
        return set()
    has_name = reduce(or_, (Q(entity=lookup.target, cells__contains=[[name]]) for lookup, name in names))
    others = Correction.objects.filter(
        has_name, sync_request=correction.sync_request_id, state=Correction.State.CORRECTED
    )
    found = set()
    for target, cells in others.values_list("entity", "cells").iterator():
        given = _comparable(entities()[target], dict(cells))
        found |= {
            name for name in names if name.lookup.target == target and given.get(name.lookup.target_column) == name.name
        }
    return found


def _comparable(entity: Entity, values: dict[str, str]) -> dict[str, str]:
    """The texts of a line by column, in the form compared with the books."""
    columns = columns_of_line(entity, values)
    return {name: clean_key(text) if column.is_key else text.strip() for name, (column, text) in columns.items()}


@transaction.atomic
def load_again(sync_request: SyncRequest, user: User | None) -> SyncRequest:
    """Load the corrected lines of a sync, and nothing else, as a replay; it deletes nothing that it does not name."""
    enrollment = sync_request.enrollment
    check_usable(enrollment)
    # If a person clicks twice, the second request waits here and then finds no line left to load.
    enrollment.lock()
    ready = Correction.objects.ready().filter(sync_request=sync_request.origin_id)
    ready = ready.select_for_update(of=("self",)).order_by("entity", "file", "line")
    included = []
    profiles = {
        (file.entity, file.file): str(file.import_profile_id)
        for file in SyncFile.objects.filter(sync_request=sync_request.origin_id, import_profile__isnull=False)
    }
    with SpooledTemporaryFile(_SPOOLED_BYTES) as file:
        for correction in ready.iterator():
            included.append(correction.pk)
            row = {
                "name": correction.entity,
                "file": correction.file,
                "line": correction.line,
                "values": correction.values,
            }
            if profile := profiles.get((correction.entity, correction.file)):
                row["profile"] = profile
            file.write(json.dumps(row).encode() + b"\n")
        if not included:
            raise Conflict("No corrected line waits to be loaded again. Correct a rejected line first.")
        file.seek(0)
        upload = store_upload(
            sync_request.group_key, user, file, file_name="mended-lines.jsonl", format=Upload.Format.CORRECTED
        )
    try:
        replay = request_replay(sync_request, user, upload)
        Correction.objects.filter(pk__in=included).update(replay=replay)
    except Exception:
        upload.content.delete(save=False)
        raise
    return replay


def _corrections_of(sync_request: SyncRequest, line: RejectedRow) -> CorrectionQuerySet:
    return Correction.objects.filter(
        sync_request=sync_request.origin_id, entity=line.entity, file=line.file, line=line.line
    )


def _entity_of(line: RejectedRow) -> Entity:
    if line.kind is None:
        raise PlatformError(
            f"“{line.entity}” is not a kind of record, so its lines cannot be corrected here. Rename the file, then "
            "upload it again."
        )
    return line.kind


def _with_values(line: RejectedRow, before: Mapping[str, str], given: Mapping[str, object]) -> dict[str, str]:
    entity, after = _entity_of(line), dict(before)
    spelled = {folded_name(name): name for name in (*line.columns, *before)}
    for name, value in given.items():
        folded = folded_name(name)
        # In a file that was read by an import profile, only the file's own names are known.
        if folded not in spelled and (line.profile or column_named(entity, name) is None):
            hint = nearest(name, [column.wire for column in entity.columns.values()])
            message = f"No {entity.singular} has a column {quoted(name)}. {hint}".rstrip()
            raise PlatformError(message, field="values")
        after[spelled.setdefault(folded, name)] = as_text(value)
    return after


def _problems(line: RejectedRow, values: dict[str, str]) -> list[dict[str, str]]:
    """The present problems of the line, as far as they can be found without the books."""
    profile = profile_of(line)
    found = check_profiled_line(profile, line, values) if profile else check_line(_entity_of(line), values)
    found_columns = {column for column, _, _ in found}
    now, sent = _by_folded_name(values), _by_folded_name(line.values)
    for column, code, message in line.problems:
        name = column.lower()
        still_missing = code == "required_missing" and name not in now
        is_unchanged = code in _TO_BE_CHANGED and now.get(name) == sent.get(name)
        if column not in found_columns and (still_missing or is_unchanged):
            found.append((column, code, message))
    return [{"column": column, "code": code, "message": printable(message)} for column, code, message in found]


def _by_folded_name(values: Mapping[str, str]) -> dict[str, str]:
    return {folded_name(name): text for name, text in values.items()}
