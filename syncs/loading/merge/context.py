"""What the steps of a merge share: the work at hand, and the pieces of SQL they are made of."""

from dataclasses import dataclass, field
from uuid import UUID

from psycopg import sql

from adsplatform.records.specification import Entity, entities
from enrollments.models import AppEnrollment
from syncs.loading.staging.stage import Stage

# The head of an INSERT … SELECT of problems.
PROBLEM_INTO = sql.SQL(
    'INSERT INTO staged_problem (entity, kind, erp_key, file, line, "column", value, code, message, seq)'
)

# The records of every enrollment of the account: a platform id may name one of another enrollment. The records'
# own `group_key` has no index.
OF_ACCOUNT = sql.SQL(
    "app_enrollment_id IN (SELECT app_enrollment_id FROM enrollments_appenrollment WHERE group_key = %(group_key)s)"
)


class SyncStopped(Exception):
    """A guard stopped the merge; `str()` is the sentence to show."""

    def __init__(self, message: str, *, code: str):
        super().__init__(message)
        self.code = code


class UnchangedRowsOutdated(Exception):
    """Lines that were skipped as known are not, one by one, in the books; they have to be read."""


@dataclass
class MergeContext:
    """One stage, to be merged into the books of one enrollment.

    `seen_in_parts` is the parent request under which earlier parts kept the records they contained.
    """

    cursor: object
    stage: Stage
    enrollment: AppEnrollment
    sync: UUID
    seen_in_parts: UUID | None = None
    # Lines, and records, by entity: how many a later line of the same key replaced, how many were deleted.
    superseded: dict[str, int] = field(default_factory=dict)
    deleted_as_missing: dict[str, int] = field(default_factory=dict)

    @property
    def staged(self):
        return list(self.stage.staged.values())

    def run(self, statement: str, given: dict | None = None, **parts):
        """Execute a statement; `{…}` are composed SQL, `%(…)s` values: those `given`, and what every statement may use.

        What comes from a source is to be given: as a part, a `%` in it would be taken for a value's place.
        """
        self.execute(sql.SQL(statement).format(**parts), given)

    def execute(self, statement: sql.Composed, given: dict | None = None):
        self.cursor.execute(
            statement,
            {
                "enrollment": self.enrollment.pk,
                "group_key": self.enrollment.group_key_id,
                "sync": self.sync,
                "parent": self.seen_in_parts,
                **(given or {}),
            },
        )


def columns_of(names, alias) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.SQL(alias), sql.Identifier(name)) for name in names)


def comma_prefixed(parts) -> sql.Composable:
    """The parts as the rest of a list, each led by a comma."""
    return sql.SQL("").join(sql.SQL(", {}").format(part) for part in parts)


def erp_key_of(entity: Entity) -> sql.Composable:
    """What names the line `s` to a person: its ERP key, or nothing where its kind has none."""
    return sql.SQL("coalesce(s.erp_key, '')" if "erp_key" in entity.columns else "''")


def referring_to(target: Entity):
    """(entity, column) of every reference to the entity's records."""
    for entity in entities().values():
        for reference in entity.references:
            if any(lookup.target == target.name for lookup in reference.lookups):
                yield entity, reference.field
