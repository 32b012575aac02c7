"""Control totals: the sums of the amounts in an enrollment's books and in a sync's lines."""

from decimal import Context, Decimal, Inexact

from django.db import models
from django.db.models import F, Q

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.records.specification import entities

# Exact for the sums of as many amounts as there may ever be; an inexact result would raise an error.
EXACT = Context(prec=200, traps=[Inexact])


def sum_field() -> "models.DecimalField[Decimal, Decimal]":
    """A sum of amounts: as exact as they are, and large enough for 10¹² of the greatest."""
    return models.DecimalField(max_digits=40, decimal_places=8, default=0)


class BookTotal(models.Model):
    """Count and sum of one amount, in one currency, over all records of a kind in an enrollment's books.

    Each merge adds its changes, in its own transaction, so that the records need not be counted again. After any other
    change of records, run `manage.py recount_books --correct`.
    """

    # The unique constraint's index begins with it.
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment", on_delete=models.CASCADE, related_name="book_totals", db_index=False
    )
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    entity = models.CharField(max_length=50)
    column = models.CharField(max_length=100)
    # Three capital letters; empty where the records have none.
    currency = models.CharField(max_length=3, blank=True)
    count = models.BigIntegerField(default=0)
    sum = sum_field()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("app_enrollment", "entity", "column", "currency", name="one_total_of_books")
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.column} {self.currency}: {self.count}, {self.sum}"


class ControlTotal(models.Model):
    """One amount in one currency: its sums in a sync's rows, by outcome, and in the books afterwards.

    `file` counts the rows with a readable amount. They were `loaded`, `rejected`, or `skipped`: superseded by a later
    row, or with an `onMatchAction` to leave or delete the record. A constraint ensures that these three add up to
    `file`. `control_totals.recount` checks `books` against the records.
    """

    # The unique constraint's index begins with it.
    sync_request = models.ForeignKey(
        "syncs.SyncRequest", on_delete=models.CASCADE, related_name="control_totals", db_index=False
    )
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    entity = models.CharField(max_length=50)
    # The amount's published name.
    column = models.CharField(max_length=100)
    # As in the lines and in the records; three capital letters, empty if there is none.
    currency = models.CharField(max_length=3, blank=True)
    file_count = models.BigIntegerField(default=0)
    file_sum = sum_field()
    loaded_count = models.BigIntegerField(default=0)
    loaded_sum = sum_field()
    rejected_count = models.BigIntegerField(default=0)
    rejected_sum = sum_field()
    skipped_count = models.BigIntegerField(default=0)
    skipped_sum = sum_field()
    books_count = models.BigIntegerField(default=0)
    books_sum = sum_field()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("sync_request", "entity", "column", "currency", name="one_control_total"),
            models.CheckConstraint(
                condition=Q(
                    file_count=F("loaded_count") + F("rejected_count") + F("skipped_count"),
                    file_sum=F("loaded_sum") + F("rejected_sum") + F("skipped_sum"),
                ),
                name="every_amount_accounted_for",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.column} {self.currency}: {self.file_count}, {self.file_sum}"

    @property
    def names_currency(self) -> bool:
        """Whether lines of this kind can name the currency of the amount."""
        # A stored total may name an entity or column that no longer exists.
        columns = entities()[self.entity].by_wire_name if self.entity in entities() else {}
        column = columns.get(self.column.lower())
        return bool(column and column.currency)


def sum_as_text(sum: Decimal) -> str:
    """A sum as text: every digit, and no zeros at the end."""
    whole, _, fraction = f"{sum:f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
