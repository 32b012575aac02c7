"""How many records there are, so that nobody has to count millions of them."""

from uuid import UUID

from django.db import models
from django.db.models import Sum

from adsplatform.accounts.models import TenantQuerySet


class RecordCountQuerySet(TenantQuerySet["RecordCount"]):
    def of_kind(self, account: UUID, entity: str) -> int:
        """How many records of a kind an account has."""
        found = self.of(account).filter(entity=entity).aggregate(all=Sum("count"))
        return int(found["all"] or 0)


class RecordCount(models.Model):
    """How many records of one kind an enrollment has.

    Each merge adds what it inserts and subtracts what it deletes, in its own transaction. After any other change of
    records, run `manage.py recount_books --correct`.
    """

    # Neither has a foreign key in the database, like those of records.
    group_key = models.UUIDField()
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    entity = models.CharField(max_length=50)
    count = models.BigIntegerField()

    objects = RecordCountQuerySet.as_manager()

    class Meta:
        # The account first, because reads add up what its enrollments have.
        constraints = [models.UniqueConstraint("group_key", "entity", "app_enrollment", name="one_count_per_kind")]

    def __str__(self) -> str:
        return f"{self.entity}: {self.count}"
