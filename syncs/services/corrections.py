"""Rejected lines, corrected and loaded again: each function returns the object or raises a PlatformError."""

import difflib
import json
from tempfile import SpooledTemporaryFile

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from adsplatform.errors import Conflict, PlatformError
from adsplatform.records.checks import as_text, printable, quoted
from adsplatform.records.specification import Lookup, entities
from syncs.loading.merge.references import is_in_books, name_called
from syncs.loading.staging.header_mapping import check_line, columns_of_line
from syncs.models import SyncRequest, SyncResultDetail, Upload
from syncs.models.corrections import Correction
from syncs.rejected_rows.reader import RejectedRow, RejectedRowReader
from syncs.services.requests import check_usable, request_replay
from syncs.services.uploads import store_upload

# Of a value that the books could not hold, what was kept is not what was sent: of an object, its text.
_ALTERED = {"nul_character", "bad_encoding", "nested_value"}
_SPOOLED_BYTES = 8 * 1024**2


def rejected_line(detail: SyncResultDetail) -> tuple[RejectedRow, Correction | None]:
    """The line a problem is about as it was sent, and as it has been mended, if so; raises where there is none."""
    line = RejectedRowReader(detail.sync_request).row_of(detail)
    if line is None:
        raise PlatformError("Only a line that was not loaded can be mended; this problem is not about one.")
    if line.kind is None:
        raise PlatformError(
            f"“{detail.entity}” is not a kind of record, so its lines cannot be mended here. Rename the file, then "
            "upload it again."
        )
    return line, _mended(detail.sync_request, line).select_related("corrected_by", "replay").first()


@transaction.atomic
def save_correction(detail: SyncResultDetail, user, values: dict) -> Correction:
    """Put values (by column, in any case) into a rejected line and check it by the rules of a sync.

    What is not given stays as it was. What it refers to may still come: see `still_missing`.
    """
    line, _ = rejected_line(detail)
    mended = _mended(detail.sync_request, line).select_for_update(of=("self",)).select_related("replay").first()
    if mended and mended.state == Correction.State.CURED:
        raise Conflict("This line has been loaded since it was mended. Change the record where it comes from.")
    if mended and mended.is_being_loaded:
        raise Conflict("This line is just being loaded again. Wait for the end of that sync.")
    before = mended.values if mended else line.values
    after = _with_values(line, before, values)
    problems = _problems(line, after)
    mended, _ = Correction.objects.update_or_create(
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
    return mended


def still_missing(mended: Correction) -> list[dict]:
    """What a mended line refers to that is not there yet: column, code and message of each.

    It may be loaded before the line is, so that it keeps nobody from mending; where it is not, the line fails again.
    """
    entity, given = entities()[mended.entity], _given(mended.entity, mended.values)
    found = []
    for lookup in (lookup for reference in entity.references for lookup in reference.lookups):
        named, target = given.get(lookup.column), entities()[lookup.target]
        if not named or (lookup.when and given.get(lookup.when[0]) != lookup.when[1]):
            continue
        if target == entity and given.get(lookup.target_column) == named:
            continue
        if not (_is_in_the_books(mended, lookup, named) or _is_on_a_mended_line(mended, lookup, named)):
            wire, called = entity.columns[lookup.column].wire, name_called(lookup)
            message = (
                f"{wire}: no {target.singular} has the {called} {quoted(named)} yet, neither in the books nor on a "
                f"mended line of this sync. Load the {target.singular} first, or correct the {called}."
            )
            found.append({"column": wire, "code": "reference_not_found", "message": message})
    return found


def _is_in_the_books(mended: Correction, lookup: Lookup, named: str) -> bool:
    enrollment = mended.sync_request.app_enrollment_id
    return is_in_books(lookup, named, enrollment=enrollment, group_key=mended.group_key_id)


def _is_on_a_mended_line(mended: Correction, lookup: Lookup, named: str) -> bool:
    others = Correction.objects.filter(
        sync_request=mended.sync_request_id,
        entity=lookup.target,
        state=Correction.State.CORRECTED,
        cells__icontains=json.dumps(named, ensure_ascii=False),
    )
    cells = others.values_list("cells", flat=True).iterator()
    return any(_given(lookup.target, dict(its)).get(lookup.target_column) == named for its in cells)


def _given(entity: str, values: dict[str, str]) -> dict[str, str]:
    """What a line says of each column, as it is compared with the books: blanks count in texts."""
    columns = columns_of_line(entities()[entity], values)
    return {name: text if column.type == "text" else text.strip() for name, (column, text) in columns.items()}


@transaction.atomic
def load_again(sync_request: SyncRequest, user) -> SyncRequest:
    """Load the mended lines of a sync, and nothing else, as a child sync; never deletes what it does not name."""
    enrollment = sync_request.app_enrollment
    check_usable(enrollment)
    # Two clicks meet here, so that the second finds no line left to load.
    enrollment.lock()
    lines = Correction.objects.ready().filter(sync_request=sync_request.origin_id)
    lines = lines.select_for_update(of=("self",)).order_by("entity", "file", "line")
    taken = []
    with SpooledTemporaryFile(_SPOOLED_BYTES) as file:
        for line in lines.iterator():
            taken.append(line.pk)
            row = {"name": line.entity, "file": line.file, "line": line.line, "values": line.values}
            file.write(json.dumps(row).encode() + b"\n")
        if not taken:
            raise Conflict("No mended line waits to be loaded again. Correct a rejected line first.")
        file.seek(0)
        upload = store_upload(
            sync_request.group_key, user, file, file_name="mended-lines.jsonl", format=Upload.Format.CORRECTED
        )
    try:
        replay = request_replay(sync_request, user, upload)
        Correction.objects.filter(pk__in=taken).update(replay=replay)
    except Exception:
        default_storage.delete(upload.content.name)
        raise
    return replay


def _mended(sync_request: SyncRequest, line: RejectedRow):
    return Correction.objects.filter(
        sync_request=sync_request.origin_id, entity=line.entity, file=line.file, line=line.line
    )


def _with_values(line: RejectedRow, before: dict, given: dict) -> dict[str, str]:
    after = dict(before)
    spelled = {name.strip().lower(): name for name in (*line.columns, *before)}
    known = line.kind.by_wire_name
    for name, value in given.items():
        folded = name.strip().lower()
        if folded not in spelled and folded not in known:
            near = difflib.get_close_matches(folded, known, n=1, cutoff=0.8)
            hint = f" Did you mean “{known[near[0]].wire}”?" if near else ""
            raise PlatformError(f"No {line.kind.singular} has a column {quoted(name)}.{hint}", field="values")
        after[spelled.setdefault(folded, name)] = as_text(value)
    return after


def _problems(line: RejectedRow, values: dict[str, str]) -> list[dict]:
    """What is wrong with the line now, as far as it can be told without the books."""
    found = check_line(line.kind, values)
    told = {column for column, _, _ in found}
    now, sent = _by_folded_name(values), _by_folded_name(line.values)
    for column, code, message in line.problems:
        name = column.lower()
        still_missing = code == "required_missing" and name not in now
        still_altered = code in _ALTERED and now.get(name) == sent.get(name)
        if column not in told and (still_missing or still_altered):
            found.append((column, code, message))
    return [{"column": column, "code": code, "message": printable(message)} for column, code, message in found]


def _by_folded_name(values: dict[str, str]) -> dict[str, str]:
    return {name.strip().lower(): text for name, text in values.items()}
