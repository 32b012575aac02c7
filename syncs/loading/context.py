"""Shared by the statements of one merge: the cursor, the values every statement may use, and common pieces of SQL.

The merge and the control totals both build on this module; neither imports the other for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from adsplatform.records.specification import Entity, entities
from enrollments.models import AppEnrollment
from syncs.loading.staging.problem_log import insert_problems
from syncs.loading.staging.stage import Stage
from syncs.loading.staging.tables import StageTable
from syncs.models import SyncRequest

# The head of an INSERT … SELECT of problems of staged rows.
_PROBLEM_INTO = insert_problems()

# The records of every enrollment of the account: a platform id may name one of another enrollment. The records'
# own `group_key` has no index.
OF_ACCOUNT = sql.SQL(
    "app_enrollment_id IN (SELECT app_enrollment_id FROM enrollments_appenrollment WHERE group_key = %(group_key)s)"
)

Value: TypeAlias = str | int | UUID | list[str] | list[UUID] | None


@dataclass
class MergeContext:
    """One sync's stage, to be merged into the books of its enrollment.

    A statement's `{…}` are composed SQL, its `%(…)s` values: those given, and `enrollment`, `group_key`, `sync` and
    `parent`. Whatever comes from a source must be a value: as a part, a `%` in it would be read as a placeholder.
    """

    cursor: CursorWrapper
    stage: Stage
    sync_request: SyncRequest
    # By entity: how many rows were superseded by a later row of the same key, how many records were deleted as missing.
    superseded: dict[str, int] = field(default_factory=dict)
    deleted_as_missing: dict[str, int] = field(default_factory=dict)
    # Whether the table `missing` was made, because records may have to be deleted which the input lacks.
    may_miss_records: bool = False
    # How many entries the table `line_problem` has.
    line_problems: int = 0
    # By entity, how many rows of its plan have each action; forgotten when the plan changes.
    _actions: dict[str, dict[str, int]] = field(default_factory=dict)
    # The kinds that a source which is read as a whole is expected to have, by name.
    kinds_expected: list[str] = field(default_factory=list)
    # Of the enrollment's credentials, all that were valid during the sync; no sentence may contain one.
    secrets: list[str] = field(default_factory=list)

    @property
    def staged(self) -> list[StageTable]:
        """The staged rows of each entity that the input had rows of."""
        return list(self.stage.staged.values())

    @property
    def enrollment(self) -> AppEnrollment:
        return self.sync_request.enrollment

    @property
    def parent(self) -> UUID | None:
        """The request of the first part of several; None if the input came in one part."""
        if self.sync_request.total_batches == 1:
            return None
        return self.sync_request.parent_sync_request_id or self.sync_request.pk

    def execute(self, statement: sql.Composed, values: Mapping[str, Value] | None = None) -> None:
        """Execute a composed statement; all other methods go through here."""
        self.cursor.execute(
            statement,
            {
                "enrollment": self.enrollment.pk,
                "group_key": self.enrollment.group_key_id,
                "sync": self.sync_request.pk,
                "parent": self.parent,
                **(values or {}),
            },
        )

    def run(self, statement: str, values: Mapping[str, Value] | None = None, /, **parts: sql.Composable) -> int:
        """Execute a statement and return the number of rows it touched."""
        self.execute(sql.SQL(statement).format(**parts), values)
        count: int = self.cursor.rowcount
        return count

    def log_problems(
        self, statement: str, values: Mapping[str, Value] | None = None, /, **parts: sql.Composable
    ) -> int:
        """Execute a statement that inserts problems, with `{into_problems}` as its head; returns how many."""
        found = self.run(statement, values, **{"into_problems": _PROBLEM_INTO, **parts})
        if found:
            self.stage.problem_log.has_any = self.stage.problem_log.has_others_than_remarks = True
        return found

    def find_faulty(
        self, statement: str, values: Mapping[str, Value] | None = None, /, **parts: sql.Composable
    ) -> None:
        """Execute a statement that adds rows to reject to `line_problem`."""
        self.line_problems += self.run(statement, values, **parts)

    def actions(self, staged: StageTable) -> dict[str, int]:
        """How many rows of the plan have each action."""
        name = staged.entity.name
        if name not in self._actions:
            counted = self.rows("SELECT action, count(*) FROM {plan} GROUP BY action", plan=staged.plan)
            self._actions[name] = dict(counted)
        return self._actions[name]

    def plan_changes(self, staged: StageTable) -> None:
        """Forget how many rows of the plan have each action."""
        self._actions.pop(staged.entity.name, None)

    def rows(
        self, statement: str, values: Mapping[str, Value] | None = None, /, **parts: sql.Composable
    ) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        self.run(statement, values, **parts)
        rows: list[tuple[Any, ...]] = self.cursor.fetchall()
        return rows

    def row(
        self, statement: str, values: Mapping[str, Value] | None = None, /, **parts: sql.Composable
    ) -> tuple[Any, ...]:
        """The only row of a query."""
        (row,) = self.rows(statement, values, **parts)
        return row

    def exists(self, query: str, values: Mapping[str, Value] | None = None, /, **parts: sql.Composable) -> bool:
        """Whether a query has any row; it stops at the first one."""
        return bool(self.rows(f"{query} LIMIT 1", values, **parts))


def columns_of(names: Iterable[str], alias: str) -> sql.Composed:
    """The columns of one table, separated by commas."""
    return sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.SQL(alias), sql.Identifier(name)) for name in names)


def comma_prefixed(parts: Iterable[sql.Composable]) -> sql.Composed:
    """The parts as the rest of a list, each after a comma."""
    return sql.SQL("").join(sql.SQL(", {}").format(part) for part in parts)


def erp_key_of(entity: Entity) -> sql.SQL:
    """What identifies the row `s` to a person: its ERP key, or nothing if its kind has none."""
    return sql.SQL("coalesce(s.erp_key, '')" if "erp_key" in entity.columns else "''")


def referring_to(target: Entity) -> Iterator[tuple[Entity, str]]:
    """(entity, column) of every reference to the entity's records."""
    for entity in entities().values():
        for reference in entity.references:
            if any(lookup.target == target.name for lookup in reference.lookups):
                yield entity, reference.field
