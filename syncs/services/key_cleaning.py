"""Keys in the books that were stored before keys were cleaned: their records are renamed, and merged where two are one.

A sync compares clean keys only, so it would not find a record whose key has blanks around it, and would make another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from adsplatform.errors import Conflict
from adsplatform.records.checks import quoted
from adsplatform.records.keys import clean_key, is_clean
from adsplatform.records.specification import Entity, entities
from enrollments.models import AppEnrollment
from syncs.loading.context import referring_to
from syncs.loading.control_totals.recount import recount
from syncs.models import SyncRequest

# What a key looks like that is certainly clean; the others are looked at one by one.
_CERTAINLY_CLEAN = "^[!-~]([ -~]*[!-~])?$"
# The columns of a key, by which a person knows the record.
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """One record whose key is not clean; `str()` is the sentence to show."""

    entity: Entity
    action: str
    key: Key
    clean: Key = ()

    def __str__(self) -> str:
        record = f"{self.entity.singular} {_words(self.key)}"
        if self.action == "renamed":
            return f"{record} becomes {_words(self.clean)}."
        if self.action == "merged":
            return f"{record} goes into {_words(self.clean)}, which was loaded later; what referred to it refers there."
        return f"{record} has a character that cannot be seen. Correct the key at the source, or delete the record."


class _Found(NamedTuple):
    """A record and its key as stored."""

    id: UUID
    key: Key


def clean_keys(enrollment: AppEnrollment, *, apply: bool) -> list[Change]:
    """Clean the keys of all records of an enrollment, in one transaction; without `apply`, only say what would change.

    Of records that become one, the one that was last changed stays, with its platform id and values.
    """
    with transaction.atomic():
        enrollment.lock()
        enrollment.lock_books()
        if SyncRequest.objects.running().filter(app_enrollment=enrollment).exists():
            raise Conflict("A sync of the enrollment is running. Wait for its end, then try again.")
        cleaning = _Cleaning(enrollment)
        cleaning.run()
        if cleaning.changes:
            # What is loaded again has to be compared with the new keys.
            SyncRequest.objects.of(enrollment.group_key).exclude(settled_by="").update(settled_by="")
        if not apply:
            transaction.set_rollback(True)
        elif any(change.action == "merged" for change in cleaning.changes):
            recount(enrollment, correct=True)
    return cleaning.changes


class _Cleaning:
    """The cleaning of one enrollment's keys."""

    def __init__(self, enrollment: AppEnrollment) -> None:
        self.enrollment = enrollment
        self.changes: list[Change] = []

    def run(self) -> None:
        for entity in entities().values():
            columns = [name for name in entity.key if name in entity.columns and entity.columns[name].is_key]
            if columns:
                self._clean_keys_of(entity, columns)
            for column in entity.columns.values():
                if column.is_key and column.field and column.name not in entity.key:
                    self._clean_texts(entity, column.field)

    def _clean_keys_of(self, entity: Entity, columns: Sequence[str]) -> None:
        """Rename the records of one kind to their clean keys, and merge those that have the same one."""
        by_key: dict[Key, list[_Found]] = {}
        for found in self._unclear(entity, columns):
            clean = _clean(found.key)
            if not all(map(_is_clean, clean)):
                self.changes.append(Change(entity, "unclear", found.key))
            elif clean != found.key:
                by_key.setdefault(clean, []).append(found)
        for clean, others in by_key.items():
            same = [*others, *self._with_key(entity, clean)]
            # The last one changed stays.
            *lost, stays = (found for _, found in sorted((self._changed_at(entity, one), one) for one in same))
            for found in lost:
                self.changes.append(Change(entity, "merged", found.key, clean))
            self._merge(entity, [found.id for found in lost], stays.id)
            if stays.key != clean:
                self.changes.append(Change(entity, "renamed", stays.key, clean))
                self._update(entity, dict(zip(entity.key, clean, strict=True)), [stays.id])

    def _unclear(self, entity: Entity, columns: Sequence[str]) -> list[_Found]:
        """The records whose keys are not certainly clean."""
        unclear = (sql.SQL("{} !~ {}").format(sql.Identifier(name), sql.Literal(_CERTAINLY_CLEAN)) for name in columns)
        return self._select(entity, sql.SQL("({})").format(sql.SQL(" OR ").join(unclear)))

    def _with_key(self, entity: Entity, key: Key) -> list[_Found]:
        same = (
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, value in zip(entity.key, key, strict=True)
        )
        return self._select(entity, sql.SQL(" AND ").join(same))

    def _merge(self, entity: Entity, lost: Sequence[UUID], stays: UUID) -> None:
        """Let one record stand for others, which are deleted."""
        if not lost:
            return
        for other, column in referring_to(entity):
            if column in other.key:
                self._merge_by_reference(other, column, lost, stays)
            self._refer(other, column, lost, stays)
        self._run(
            "DELETE FROM {table} WHERE app_enrollment_id = {enrollment} AND id = ANY({lost})",
            entity,
            lost=sql.Literal(list(lost)),
        )

    def _merge_by_reference(self, entity: Entity, column: str, lost: Sequence[UUID], stays: UUID) -> None:
        """Merge the records of a kind that have the reference in their key, and would have the same key with it."""
        by_key: dict[Key, list[_Found]] = {}
        place = entity.key.index(column)
        belongs = sql.SQL("{} = ANY({})").format(sql.Identifier(column), sql.Literal([*lost, stays]))
        for found in self._select(entity, belongs):
            key = (*found.key[:place], stays, *found.key[place + 1 :])
            by_key.setdefault(key, []).append(found)
        for key, same in by_key.items():
            if len(same) > 1:
                *others, last = (found for _, found in sorted((self._changed_at(entity, one), one) for one in same))
                self.changes += [Change(entity, "merged", found.key, key) for found in others]
                self._merge(entity, [found.id for found in others], last.id)

    def _refer(self, entity: Entity, column: str, lost: Sequence[UUID], stays: UUID) -> None:
        """Let what refers to lost records refer to another one: also records of the account's other enrollments."""
        self._run(
            "UPDATE {table} SET {column} = {stays}, row_hash = NULL, modified = now() "
            "WHERE group_key = {account} AND {column} = ANY({lost})",
            entity,
            column=sql.Identifier(column),
            stays=sql.Literal(stays),
            lost=sql.Literal(list(lost)),
        )

    def _clean_texts(self, entity: Entity, field: str) -> None:
        """Clean the texts of a column by which records are referred to, though it is no key."""
        column = sql.Identifier(field)
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("SELECT DISTINCT {} FROM {} WHERE app_enrollment_id = %s AND {} !~ %s").format(
                    column, sql.Identifier(entity.table), column
                ),
                [self.enrollment.pk, _CERTAINLY_CLEAN],
            )
            texts = [text for (text,) in cursor.fetchall()]
        for text in texts:
            if (clean := clean_key(text)) not in (text, ""):
                self._run(
                    "UPDATE {table} SET {column} = {clean}, row_hash = NULL, modified = now() "
                    "WHERE app_enrollment_id = {enrollment} AND {column} = {text}",
                    entity,
                    column=column,
                    clean=sql.Literal(clean),
                    text=sql.Literal(text),
                )
                self.changes.append(Change(entity, "renamed", (text,), (clean,)))

    def _update(self, entity: Entity, values: dict[str, Any], ids: Sequence[UUID]) -> None:
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in values.items()
        )
        self._run(
            "UPDATE {table} SET {assigned}, row_hash = NULL, modified = now() "
            "WHERE app_enrollment_id = {enrollment} AND id = ANY({ids})",
            entity,
            assigned=assigned,
            ids=sql.Literal(list(ids)),
        )

    def _changed_at(self, entity: Entity, found: _Found) -> Any:
        return entity.model.objects.values_list("modified").get(pk=found.id)

    def _select(self, entity: Entity, condition: sql.Composable) -> list[_Found]:
        columns = sql.SQL(", ").join(map(sql.Identifier, entity.key))
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("SELECT id, {} FROM {} WHERE app_enrollment_id = {} AND {} ORDER BY id").format(
                    columns, sql.Identifier(entity.table), sql.Literal(self.enrollment.pk), condition
                )
            )
            return [_Found(record_id, tuple(key)) for record_id, *key in cursor.fetchall()]

    def _run(self, statement: str, entity: Entity, **parts: sql.Composable) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(statement).format(
                    table=sql.Identifier(entity.table),
                    enrollment=sql.Literal(self.enrollment.pk),
                    account=sql.Literal(self.enrollment.group_key_id),
                    **parts,
                )
            )


def _clean(key: Key) -> Key:
    return tuple(clean_key(part) if isinstance(part, str) else part for part in key)


def _is_clean(part: object) -> bool:
    """Whether a part of a key may be stored; an empty one may not."""
    return not isinstance(part, str) or (part != "" and is_clean(part))


def _words(key: Iterable[object]) -> str:
    return ", ".join(quoted(str(part)) for part in key)
