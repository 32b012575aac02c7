"""Counts the records again and compares them with what is stored of the books, which merges only add to: the totals of
their amounts, and the number of records of each kind.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeAlias
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg import sql

from adsplatform.records.models.counts import RecordCount
from adsplatform.records.specification import Entity, entities
from adsplatform.statement_timeout import statement_timeout
from adsplatform.wording import counted, plural
from enrollments.models import AppEnrollment
from syncs.loading.control_totals.sums import added_up, amounts_of_records
from syncs.models import BookTotal, ControlTotal
from syncs.models.control_totals import EXACT, sum_as_text

# Count and sum.
Total: TypeAlias = tuple[int, Decimal]
NOTHING: Total = (0, Decimal())
# A page does not recount kinds with more records than this; `recount_books` does.
COUNTED_AT_MOST = 50_000
# Nor does it spend more time than that on one kind.
SECONDS_AT_MOST = 2


@dataclass(frozen=True)
class Difference:
    """A stored total that differs from the records; `str()` is the sentence to show."""

    enrollment: AppEnrollment
    entity: str
    column: str
    currency: str
    stored: Total
    counted: Total

    def __str__(self) -> str:
        kind = entities()[self.entity].plural if self.entity in entities() else self.entity
        currency = self.currency or "no currency"
        return (
            f"{self.enrollment}: of {self.column} of {kind} in {currency}, {_in_words(self.stored)} are kept as the "
            f"total, but the records hold {_in_words(self.counted)}."
        )


@dataclass(frozen=True)
class CountDifference:
    """A stored number of records that is wrong; `str()` is the sentence to show."""

    enrollment: AppEnrollment
    entity: Entity
    stored: int
    counted: int

    def __str__(self) -> str:
        return (
            f"{self.enrollment}: {self.stored:,} is kept as the number of {self.entity.plural}, but there "
            f"{plural(self.counted, 'is', 'are')} {self.counted:,}."
        )


@transaction.atomic
def recount(enrollment: AppEnrollment, *, correct: bool = False) -> list[Difference | CountDifference]:
    """Count all records of an enrollment and list where what is stored differs; `correct` repairs it.

    No sync of the enrollment is merged meanwhile.
    """
    enrollment.lock_books()
    return [*_recount_totals(enrollment, correct=correct), *_recount_records(enrollment, correct=correct)]


def _recount_records(enrollment: AppEnrollment, *, correct: bool) -> list[CountDifference]:
    kept = RecordCount.objects.filter(group_key=enrollment.group_key_id, app_enrollment=enrollment)
    stored = dict(kept.values_list("entity", "count"))
    found = {
        name: entity.model.objects.filter(app_enrollment=enrollment).count() for name, entity in entities().items()
    }
    differences = [
        CountDifference(enrollment, entities()[name], stored.get(name, 0), count)
        for name, count in found.items()
        if stored.get(name, 0) != count
    ]
    if correct and differences:
        kept.delete()
        RecordCount.objects.bulk_create(
            RecordCount(group_key=enrollment.group_key_id, app_enrollment=enrollment, entity=name, count=count)
            for name, count in found.items()
        )
    return differences


def _recount_totals(enrollment: AppEnrollment, *, correct: bool) -> list[Difference]:
    stored = {
        (total.entity, total.column, total.currency): (total.count, total.sum)
        for total in BookTotal.objects.filter(app_enrollment=enrollment)
    }
    found = {
        (entity.name, *key): total
        for entity in entities().values()
        if entity.amounts
        for key, total in _stored_and_counted(enrollment.pk, entity).counted.items()
    }
    differences = [
        Difference(enrollment, *key, stored.get(key, NOTHING), found.get(key, NOTHING))
        for key in sorted(stored.keys() | found.keys())
        if stored.get(key, NOTHING) != found.get(key, NOTHING)
    ]
    if correct and differences:
        BookTotal.objects.filter(app_enrollment=enrollment).delete()
        BookTotal.objects.bulk_create(
            BookTotal(
                app_enrollment=enrollment,
                group_key_id=enrollment.group_key_id,
                entity=entity,
                column=column,
                currency=currency,
                count=count,
                sum=sum,
            )
            for (entity, column, currency), (count, sum) in found.items()
        )
    return differences


class CheckedTotal(NamedTuple):
    """A control total, and whether the records, counted again, agree with what it says about the books.

    `agrees` is None where they were not counted: for a preview, where the books have changed since the sync, for a
    kind with more than COUNTED_AT_MOST records, and where counting took longer than SECONDS_AT_MOST.
    """

    total: ControlTotal
    agrees: bool | None


def check_totals(totals: Iterable[ControlTotal]) -> list[CheckedTotal]:
    """Compare the control totals of one sync with the records."""
    totals = list(totals)
    books: dict[str, _Books] = {}
    if totals and (enrollment_id := _enrollment_to_compare(totals[0])):
        for name in {total.entity for total in totals} & entities().keys():
            with suppress(OperationalError), statement_timeout(SECONDS_AT_MOST):
                if _is_small(enrollment_id, entities()[name]):
                    books[name] = _stored_and_counted(enrollment_id, entities()[name])
    return [
        CheckedTotal(total, books[total.entity].agree(total) if total.entity in books else None) for total in totals
    ]


def _enrollment_to_compare(total: ControlTotal) -> UUID | None:
    """The enrollment whose books the total describes; None for a preview, which changes no books."""
    return None if total.sync_request.dry_run else total.sync_request.app_enrollment_id


def _is_small(enrollment_id: UUID, entity: Entity) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE app_enrollment_id = %s LIMIT %s) r").format(
                sql.Identifier(entity.table)
            ),
            [enrollment_id, COUNTED_AT_MOST + 1],
        )
        return bool(cursor.fetchone()[0] <= COUNTED_AT_MOST)


class _Books(NamedTuple):
    """For one kind of record, by column and currency: the stored totals, and those of the records."""

    stored: dict[tuple[str, str], Total]
    counted: dict[tuple[str, str], Total]

    def agree(self, total: ControlTotal) -> bool | None:
        key, books = (total.column, total.currency), (total.books_count, total.books_sum)
        if self.stored.get(key, NOTHING) != books:
            return None
        return self.counted.get(key, NOTHING) == books


def _stored_and_counted(enrollment_id: UUID, entity: Entity) -> _Books:
    """Read both in one statement, so that no merge can commit between them."""
    records = sql.SQL("{} r WHERE r.app_enrollment_id = {}").format(
        sql.Identifier(entity.table), sql.Literal(enrollment_id)
    )
    query = sql.SQL(
        """
        SELECT true AS is_counted, "column", currency, count, sum
        FROM ({counted}) c (entity, category, "column", currency, count, sum)
        UNION ALL
        SELECT false, "column", currency, count, sum FROM syncs_booktotal
        WHERE app_enrollment_id = {enrollment} AND entity = {entity}
        """
    ).format(
        counted=added_up(entity, amounts_of_records(entity), records),
        enrollment=sql.Literal(enrollment_id),
        entity=sql.Literal(entity.name),
    )
    books = _Books({}, {})
    with connection.cursor() as cursor:
        cursor.execute(query)
        for is_counted, column, currency, count, sum in cursor.fetchall():
            totals = books.counted if is_counted else books.stored
            # Records may spell one currency in several ways, and each is added up by itself.
            before = totals.get((column, currency), NOTHING)
            totals[column, currency] = (before[0] + count, EXACT.add(before[1], sum))
    return books


def _in_words(total: Total) -> str:
    count, sum = total
    return f"{counted(count, 'amount')} adding up to {sum_as_text(sum)}"
