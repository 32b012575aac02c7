"""Common causes: a problem that many lines of a file share is described once, with the number of these lines.

So is one that concerns all lines of a file, or all from some line on, however few they are; it is logged without a line
and then with each of them.

Each line is still rejected with problems of its own, by which it can be downloaded and corrected. They refer to the
description, and lists show only that.
"""

from typing import NamedTuple

from psycopg import sql

from adsplatform.records.checks import printable
from syncs.loading.context import MergeContext
from syncs.loading.staging.input_files import MOST_LINES_LISTED
from syncs.models import SyncResultDetail

# A problem is a common cause if it has one code, in one column of one file, on at least so many of the file's lines,
# and on at least such a share of them.
LEAST_LINES, LEAST_SHARE = 5, 0.25
# How many lines a description names.
LINES_NAMED = 5
# Codes that one habit of the sender brings about in different cells of a column.
SAME_CAUSE = (("bad_number", "ambiguous_number"), ("impossible_date", "ambiguous_date"))
# Codes of values that an import profile can give a meaning.
STYLES = {"bad_number", "ambiguous_number", "bad_date", "impossible_date", "ambiguous_date", "bad_boolean"}


class _Cause(NamedTuple):
    """What many lines of a file share: how many they are, the first of them, and the problem of the first one.

    `value_count` is the number of their different values.
    """

    entity: str
    file: str
    column: str
    code: str
    value: str
    message: str
    line_count: int
    lines: list[int]
    value_count: int
    # Whether the first problem has no line, so that its message describes all of them.
    is_described: bool


def describe(context: MergeContext) -> bool:
    """Write a detail for each common cause; returns whether there is any.

    Until the commit, the table `common_cause` has the detail of each entity, file, column and code.
    """
    causes = [
        cause
        for cause in _frequent(context)
        if cause.is_described or cause.line_count >= LEAST_SHARE * _lines_of(context, cause)
    ]
    if not causes:
        return False
    sync_request = context.sync_request
    details = SyncResultDetail.objects.bulk_create(
        SyncResultDetail(
            sync_request=sync_request,
            group_key_id=sync_request.group_key_id,
            entity=cause.entity,
            kind=SyncResultDetail.Kind.ERROR,
            file=cause.file,
            column=cause.column,
            value=cause.value if cause.is_described or cause.value_count < 2 else "",
            code=cause.code,
            message=printable(_sentence(cause, _lines_of(context, cause))),
            line_count=_lines_of(context, cause) if cause.line_count == MOST_LINES_LISTED else cause.line_count,
        )
        for cause in causes
    )
    rows = [
        (cause.entity, cause.file, cause.column, code, str(detail.pk))
        for cause, detail in zip(causes, details, strict=True)
        for code in _codes_like(cause.code)
    ]
    entities, files, columns, codes, ids = map(list, zip(*rows, strict=True))
    described = [cause for cause in causes if cause.is_described]
    if described:
        context.run(
            """
            DELETE FROM staged_problem p USING unnest(%(entities)s::text[], %(files)s::text[], %(codes)s::text[])
                AS c (entity, file, code)
            WHERE (p.entity, p.file, p.code) = (c.entity, c.file, c.code) AND p.kind = 'error' AND p.line IS NULL
            """,
            {
                "entities": [cause.entity for cause in described],
                "files": [cause.file for cause in described],
                "codes": [cause.code for cause in described],
            },
        )
    context.run(
        """
        CREATE TEMP TABLE common_cause ON COMMIT DROP AS
        SELECT * FROM unnest(%(entities)s::text[], %(files)s::text[], %(columns)s::text[], %(codes)s::text[],
                             %(ids)s::bigint[]) c (entity, file, "column", code, cause_id)
        """,
        {"entities": entities, "files": files, "columns": columns, "codes": codes, "ids": ids},
    )
    return True


def _frequent(context: MergeContext) -> list[_Cause]:
    """The problems that occur on LEAST_LINES lines of a file or more, or that are described already, as causes."""
    if context.stage.problem_log.errors < 2:
        return []
    same = [sql.SQL("WHEN p.code = ANY({}) THEN {}").format(list(codes), codes[0]) for codes in SAME_CAUSE]
    rows = context.rows(
        """
        WITH frequent AS (
            SELECT entity, file, "column", {code} AS code,
                   coalesce(min(id) FILTER (WHERE line IS NULL), min(id)) AS id, bool_or(line IS NULL) AS is_described
            FROM staged_problem p WHERE kind = 'error' GROUP BY 1, 2, 3, 4
            HAVING count(line) >= CASE WHEN bool_or(line IS NULL) THEN 1 ELSE %(least)s::int END
        ), counted AS (
            SELECT f.id, f.is_described, count(DISTINCT p.line) AS count,
                   (array_agg(DISTINCT p.line))[:%(named)s::int] AS lines, count(DISTINCT p.value) AS value_count
            FROM staged_problem p JOIN frequent f
              ON (p.entity, p.file, p."column", {code}) = (f.entity, f.file, f."column", f.code)
            WHERE p.kind = 'error' AND p.line IS NOT NULL GROUP BY f.id, f.is_described
        )
        SELECT p.entity, p.file, p."column", p.code, p.value, p.message, c.count, c.lines, c.value_count,
               c.is_described
        FROM counted c JOIN staged_problem p USING (id) WHERE c.is_described OR c.count >= %(least)s::int
        ORDER BY p.entity, p.file, c.count DESC, p.id
        """,
        {"least": LEAST_LINES, "named": LINES_NAMED},
        code=sql.SQL("CASE {} ELSE p.code END").format(sql.SQL(" ").join(same)),
    )
    return [_Cause(*row) for row in rows]


def _lines_of(context: MergeContext, cause: _Cause) -> int:
    return context.stage.files.line_counts[cause.entity, cause.file]


def _codes_like(code: str) -> tuple[str, ...]:
    return next((codes for codes in SAME_CAUSE if code in codes), (code,))


def _sentence(cause: _Cause, lines: int) -> str:
    if cause.is_described:
        is_cut = cause.line_count == MOST_LINES_LISTED < lines
        return f"{cause.message} The first {MOST_LINES_LISTED:,} lines are listed." if is_cut else cause.message
    share = f"All {lines:,} lines" if cause.line_count >= lines else f"{cause.line_count:,} of {lines:,} lines"
    named = ", ".join(f"{line:,}" for line in cause.lines)
    named += " …" if cause.line_count > len(cause.lines) else ""
    differ = f", with {cause.value_count:,} different values. For example, line" if cause.value_count > 1 else ". Line"
    sentence = f"{share} have this problem ({named}){differ} {cause.lines[0]:,}: {cause.message}"
    if cause.code in STYLES and "import profile" not in sentence:
        sentence += " If the file always writes it so, an import profile can say what it means."
    return sentence
