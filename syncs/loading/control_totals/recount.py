"""Whether the totals kept of an enrollment's books are those of its records: counted again, compared, set right."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from psycopg import sql

from adsplatform.records.specification import entities
from adsplatform.wording import counted
from enrollments.models import AppEnrollment
from syncs.loading.control_totals.merge_totals import added_up, amounts_of_records
from syncs.models import BookTotal
from syncs.models.control_totals import EXACT, plain

NOTHING = (0, Decimal())


@dataclass(frozen=True)
class Difference:
    """A total that is not what the records say; `str()` is the sentence to show."""

    enrollment: AppEnrollment
    entity: str
    column: str
    currency: str
    kept: tuple[int, Decimal]
    counted: tuple[int, Decimal]

    def __str__(self):
        kind = entities()[self.entity].plural if self.entity in entities() else self.entity
        currency = self.currency or "no currency"
        return (
            f"{self.enrollment}: of {self.column} of {kind} in {currency}, {_told(self.kept)} are kept as the total, "
            f"but the records hold {_told(self.counted)}."
        )


@transaction.atomic
def recount(enrollment: AppEnrollment, *, correct: bool = False) -> list[Difference]:
    """Count an enrollment's records and list where the totals kept of them differ; `correct` sets those right.

    No sync of the enrollment is merged meanwhile.
    """
    enrollment.lock_books()
    kept = {
        (total.entity, total.column, total.currency): (total.count, total.sum)
        for total in BookTotal.objects.filter(app_enrollment=enrollment)
    }
    counted = _counted(enrollment)
    differences = [
        Difference(enrollment, *key, kept.get(key, NOTHING), counted.get(key, NOTHING))
        for key in sorted(kept.keys() | counted.keys())
        if kept.get(key, NOTHING) != counted.get(key, NOTHING)
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
            for (entity, column, currency), (count, sum) in counted.items()
        )
    return differences


def _counted(enrollment: AppEnrollment) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    """Count and sum by entity, column and currency, from all records."""
    found = {}
    with connection.cursor() as cursor:
        for entity in entities().values():
            if not entity.amounts:
                continue
            records = sql.SQL("{} r WHERE r.app_enrollment_id = {}").format(
                sql.Identifier(entity.table), sql.Literal(enrollment.pk)
            )
            cursor.execute(added_up(entity, amounts_of_records(entity), records))
            for name, _, column, currency, count, sum in cursor.fetchall():
                # Currencies that are written differently may be the same.
                before = found.get((name, column, currency), NOTHING)
                found[name, column, currency] = (before[0] + count, EXACT.add(before[1], sum))
    return found


def _told(total: tuple[int, Decimal]) -> str:
    count, sum = total
    return f"{counted(count, 'amount')} adding up to {plain(sum)}"
