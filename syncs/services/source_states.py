"""How far the source of an enrollment has been read, and how much of what it allows is used."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from enrollments.models import AppEnrollment
from enrollments.services import declaration_of, setting_values
from syncs.loading.helper import MINUTE, key_digest
from syncs.models import SourceBudget, SourceState


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of a budget is used, by all enrollments that share it; None is no limit."""

    name: str
    label: str
    per_minute: int | None
    used_in_minute: int
    per_day: int | None
    used_in_day: int


def states_of(enrollment: AppEnrollment) -> "QuerySet[SourceState]":
    """The enrollment's states, by kind."""
    return SourceState.objects.filter(app_enrollment=enrollment).order_by("kind")


@transaction.atomic
def forget(enrollment: AppEnrollment) -> str:
    """Forget how far the source has been read, so that the next sync reads everything; returns what was done."""
    enrollment.lock()
    count, _ = SourceState.objects.filter(app_enrollment=enrollment).delete()
    return (
        f"The next sync of {enrollment} reads everything again."
        if count
        else f"Nothing was kept of how far {enrollment} has been read, so its next sync reads everything as it is."
    )


def budgets_of(enrollment: AppEnrollment) -> list[BudgetUse]:
    """What the enrollment's connector may ask of its source, and what of that is used."""
    entry = declaration_of(enrollment.app)
    if not entry or not entry.budgets:
        return []
    settings, credentials, now = setting_values(enrollment), enrollment.credentials, timezone.now()
    found = []
    for budget in entry.budgets:
        used = SourceBudget.objects.filter(
            connector=entry.connector, name=budget.name, key_digest=key_digest(budget, settings, credentials)
        ).first()
        recent = used.recent if used else []
        found.append(
            BudgetUse(
                budget.name,
                budget.label,
                budget.per_minute,
                sum(amount for at, amount in recent if at > now.timestamp() - MINUTE),
                budget.per_day,
                used.used_in_day if used and used.day == now.date() else 0,
            )
        )
    return found
