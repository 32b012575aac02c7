"""How far the source of an enrollment has been read, and how much of what it allows is used."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from adsplatform.accounts import row_security
from adsplatform.accounts.audit import signed_now
from adsplatform.accounts.models import AuditEntry, User
from enrollments.models import AppEnrollment
from enrollments.services import setting_values
from enrollments.sources import declaration_of
from syncs.loading.helper import MINUTE, key_digest
from syncs.models import SourceBudget, SourceState, SyncRequest


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of a budget is used, by all enrollments that share it; None is no limit."""

    name: str
    label: str
    per_minute: int | None
    used_in_minute: int
    per_day: int | None
    used_in_day: int


@dataclass(frozen=True, slots=True)
class LastReading:
    """The last sync that says whether the source could be read, and whether it could."""

    sync_request: SyncRequest
    succeeded: bool


# Why a sync fails whose source could not be read, or whose settings its connector cannot use.
OF_SOURCE = ("source_unreadable", "source_disconnected", "bad_setting", "source_budget", "unknown_connector")


def last_reading_of(enrollment: AppEnrollment) -> LastReading | None:
    """How the last sync by the enrollment's connector found its source; None if there was none that says it."""
    of_connector = SyncRequest.objects.filter(app_enrollment=enrollment, connector=enrollment.app.connector)
    telling = Q(status_code=SyncRequest.Status.SUCCESS) | Q(failure_code__in=OF_SOURCE)
    last = of_connector.filter(telling).newest_first().first()
    return LastReading(last, succeeded=last.status_code == SyncRequest.Status.SUCCESS) if last else None


def states_of(enrollment: AppEnrollment) -> "QuerySet[SourceState]":
    """The enrollment's states, by kind."""
    return SourceState.objects.filter(app_enrollment=enrollment).order_by("kind")


@transaction.atomic
def forget(enrollment: AppEnrollment, user: User | None) -> str:
    """Forget how far the source has been read, so that the next sync reads everything; returns what was done."""
    enrollment.lock()
    states = states_of(enrollment)
    before = {state.kind or "the whole source": state.modified.isoformat(timespec="seconds") for state in states}
    if not before:
        return f"Nothing was kept of how far {enrollment} has been read, so its next sync reads everything as it is."
    states.delete()
    with row_security.as_login_role():
        AuditEntry.objects.create(
            at=timezone.now(),
            group_key=enrollment.group_key_id,
            action=AuditEntry.Action.REMOVED,
            subject="state of source",
            subject_id=str(enrollment.pk),
            subject_name=str(enrollment)[:255],
            before=before,
            after={},
            **signed_now(user),
        )
    return f"The next sync of {enrollment} reads everything again."


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
