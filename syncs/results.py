"""Counts and problems become SyncEntityResult and SyncResultDetail, and one sentence for people."""

from adsplatform.records.specification import entities
from syncs.models import SyncEntityResult, SyncRequest
from syncs.staging import PROBLEM_COLUMNS, Stage, Staged


def counts_of_failure(staged: Staged) -> dict[str, int]:
    """Of a sync that failed, every line that was not rejected counts as skipped: it was not loaded."""
    return {
        "lines_read": staged.lines_read,
        "rejected": staged.rejected,
        "skipped": staged.lines_read - staged.rejected,
    }


def write(cursor, sync_request: SyncRequest, stage: Stage, counts: dict[str, dict]) -> list[SyncEntityResult]:
    """Write one result an entity (and one a file of no known kind), and every problem as a detail."""
    cursor.execute("SELECT entity, count(*) FROM staged_problem WHERE kind = 'warning' GROUP BY entity")
    warnings = dict(cursor.fetchall())
    for file, lines in stage.unknown_files.items():
        # A file may be called like a kind of record whose lines came in another.
        found = counts.setdefault(file, {"lines_read": 0, "rejected": 0})
        found["lines_read"] += lines
        found["rejected"] += lines
    results = SyncEntityResult.objects.bulk_create(
        SyncEntityResult(
            sync_request=sync_request,
            group_key_id=sync_request.group_key_id,
            entity=entity,
            warnings=warnings.get(entity, 0),
            **numbers,
        )
        for entity, numbers in counts.items()
    )
    columns = ", ".join(f'"{name}"' for name in PROBLEM_COLUMNS)
    cursor.execute(
        f"""
        INSERT INTO syncs_syncresultdetail (sync_request_id, group_key, {columns})
        SELECT %s, %s, {columns} FROM staged_problem ORDER BY entity, file, line NULLS FIRST, id
        """,  # noqa: S608, the names are constants
        [sync_request.pk, sync_request.group_key_id],
    )
    return results


def summary(results: list[SyncEntityResult], *, has_unread: bool = False) -> str:
    """The outcome in one sentence of at most 200 characters, and one more where a file could not be read."""
    total = {
        name: sum(getattr(result, name) for result in results)
        for name in ("lines_read", "inserted", "updated", "unchanged", "skipped", "rejected", "delete_count")
    }
    read, rejected = total["lines_read"], total["rejected"]
    unread = " Not every file could be read; the problems say why." if has_unread and not rejected else ""
    if not read and not total["delete_count"]:
        return "Nothing new: the source had no lines." + unread
    if not rejected and total["unchanged"] == read and not total["delete_count"]:
        return f"Nothing new: {_lines(read)} looked at, none had changed." + unread
    parts = [
        f"{total[name]:,} {word}"
        for name, word in (
            ("inserted", "added"),
            ("updated", "changed"),
            ("delete_count", "deleted"),
            ("unchanged", "unchanged"),
            ("skipped", "skipped"),
        )
        if total[name]
    ]
    kinds = _kinds([result for result in results if result.lines_read], read)
    if rejected:
        return f"{read - rejected:,} of {read:,} {kinds} loaded, {_lines(rejected)} rejected ({', '.join(parts)})."
    return f"{read:,} {kinds} loaded: {', '.join(parts)}.{unread}"


def _kinds(results, count: int) -> str:
    if len(results) == 1 and results[0].entity in entities():
        entity = entities()[results[0].entity]
        return entity.singular if count == 1 else entity.plural
    return "line" if count == 1 else "lines"


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
