"""What platform staff do to an account's people, which its owners and admins read in the Inbox and the audit trail."""

from django.utils import timezone

from adsplatform.accounts.models import Account, StaffAction, User


def record_action(person: User, staff: User | None, kind: StaffAction.Kind, message: str) -> None:
    """Record an action in every account of a person; without `staff`, whoever runs the server acted."""
    for membership in person.memberships.select_related("group_key"):
        record_action_in(membership.group_key, person, staff, kind, message)


def record_action_in(account: Account, person: User, staff: User | None, kind: StaffAction.Kind, message: str) -> None:
    """Record an action that concerns a person in one account."""
    StaffAction.objects.create(group_key=account, person=person, staff=staff, kind=kind, message=message)


def note_seen(action: StaffAction, user: User) -> None:
    """Record that somebody of the account has seen the action; the first one counts."""
    StaffAction.objects.unseen().filter(pk=action.pk).update(seen=timezone.now(), seen_user=user)
