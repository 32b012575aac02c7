"""Counts and problems become SyncEntityResult and SyncResultDetail."""

from django.db.models import Exists, OuterRef
from psycopg import sql

from adsplatform.records.checks import printable
from syncs.loading.context import MergeContext
from syncs.loading.merge import causes
from syncs.loading.staging.problem_log import PROBLEM_COLUMNS, identifiers, storable_name
from syncs.loading.staging.tables import StageTable
from syncs.models import SyncEntityResult
from syncs.models.corrections import Correction, SyncFile


def counts_of_failure(staged: StageTable) -> dict[str, int]:
    """The counts of a failed sync: rows that were not rejected count as skipped, since they were not loaded."""
    return {
        "lines_read": staged.lines_read,
        "rejected": staged.rejected,
        "skipped": staged.lines_read - staged.rejected,
    }


def write(context: MergeContext, counts: dict[str, dict[str, int]]) -> list[SyncEntityResult]:
    """Write one result per entity, one per file of no known kind, and every problem as a detail."""
    sync_request, stage = context.sync_request, context.stage
    warnings: dict[str, int] = {}
    if stage.problem_log.has_any:
        counted = "SELECT entity, count(*) FROM staged_problem WHERE kind = 'warning' GROUP BY entity"
        warnings = dict(context.rows(counted))
    for file, lines in stage.files.unknown.items():
        # Such a file may have the name of an entity that has rows in another file.
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
    if stage.problem_log.has_any:
        _write_problems(context)
    SyncFile.objects.bulk_create(
        SyncFile(
            sync_request=sync_request,
            group_key_id=sync_request.group_key_id,
            entity=entity,
            file=file,
            columns=[printable(name) for name in head.columns],
            delimiter=head.delimiter,
            import_profile_id=head.layout.profile if head.layout else None,
        )
        for (entity, file), head in stage.files.heads.items()
        if entity in stage.staged
    )
    return results


def _write_problems(context: MergeContext) -> None:
    has_causes = causes.describe(context)
    name_cells(context)
    name_own_columns(context)
    context.stage.write_raw_lines()
    written = context.run(
        """
        INSERT INTO syncs_syncresultdetail (sync_request_id, group_key, {columns}, raw_line, cause_id)
        SELECT %(sync)s, %(group_key)s, {columns}, coalesce(raw_line, r.raw, ''), {cause}
        FROM staged_problem p LEFT JOIN raw_line r USING (seq) {causes} ORDER BY entity, file, line NULLS FIRST, id
        """,
        columns=identifiers(PROBLEM_COLUMNS[:-2]),
        cause=sql.SQL(
            "CASE WHEN kind = 'error' AND line IS NOT NULL THEN cause_id END" if has_causes else "NULL::bigint"
        ),
        causes=sql.SQL('LEFT JOIN common_cause USING (entity, file, "column", code)' if has_causes else ""),
    )
    if written:
        context.run(
            """
            UPDATE syncs_syncentityresult r SET raw_bytes = d.bytes
            FROM (SELECT entity, sum(octet_length(raw_line)) bytes FROM syncs_syncresultdetail
                  WHERE sync_request_id = %(sync)s GROUP BY entity) d
            WHERE r.sync_request_id = %(sync)s AND r.entity = d.entity
            """
        )


def name_cells(context: MergeContext) -> None:
    """Put the cell in front of the problems of a spreadsheet: “Cell C7, totalAmount: …”."""
    letters = context.stage.files.letters
    if not letters:
        return
    files, columns = zip(*letters, strict=True)
    context.run(
        """
        UPDATE staged_problem p SET message = 'Cell ' || c.letters || p.line || ', ' || p.message
        FROM unnest(%(files)s::text[], %(columns)s::text[], %(letters)s::text[]) c (file, name, letters)
        WHERE p.file = c.file AND p."column" = c.name AND p.line IS NOT NULL AND p.code <> 'cell_error'
        """,
        {"files": list(map(printable, files)), "columns": list(columns), "letters": list(letters.values())},
    )


def name_own_columns(context: MergeContext) -> None:
    """In the problems of files that were read by an import profile, give the columns the file's own names."""
    origins = context.stage.files.origins
    if not origins:
        return
    kinds, files, columns = zip(*origins, strict=True)
    context.run(
        """
        UPDATE staged_problem p SET "column" = o.own, message = CASE position(o.name in p.message)
            WHEN 0 THEN p.message
            ELSE overlay(p.message placing o.own from position(o.name in p.message) for length(o.name)) END
        FROM unnest(%(kinds)s::text[], %(files)s::text[], %(columns)s::text[], %(own)s::text[])
             AS o (kind, file, name, own)
        WHERE (p.entity, p.file, p."column") = (o.kind, o.file, o.name)
        """,
        {
            "kinds": list(kinds),
            "files": list(files),
            "columns": list(columns),
            "own": list(map(storable_name, origins.values())),
        },
    )


def close_corrections(context: MergeContext, *, loaded: bool) -> None:
    """After a replay, mark the corrections of rows that were rejected again as open, and of loaded rows as cured."""
    sync_request = context.sync_request
    if not sync_request.replay_of_id:
        return
    context.run(
        """
        UPDATE syncs_mendedline m SET state = %(open)s, problems = d.problems
        FROM (
            SELECT entity, file, line, jsonb_agg(
                jsonb_build_object('column', "column", 'code', code, 'message', message) ORDER BY id) AS problems
            FROM syncs_syncresultdetail
            WHERE sync_request_id = %(sync)s AND kind = 'error' AND line IS NOT NULL GROUP BY entity, file, line
        ) d
        WHERE m.replay_id = %(sync)s AND (m.entity, m.file, m.line) = (d.entity, d.file, d.line)
        """,
        {"open": Correction.State.OPEN},
    )
    if loaded:
        # A file that was rejected as a whole has one problem without a line.
        whole_file = {"kind": "error", "line": None, "line_count": None}
        refused = sync_request.details.filter(**whole_file, entity=OuterRef("entity"), file=OuterRef("file"))
        taken = Correction.objects.filter(~Exists(refused), replay=sync_request, state=Correction.State.CORRECTED)
        taken.update(state=Correction.State.CURED)
