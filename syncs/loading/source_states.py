"""How far a source has been read: told to its connector, and stored with what was read."""

from collections.abc import Mapping

from django.utils import timezone

from enrollments.models import AppEnrollment
from syncs.connectors.protocol import JsonValue
from syncs.models import SourceState, SyncRequest


def present(enrollment: AppEnrollment) -> dict[str, JsonValue]:
    """The enrollment's states by kind."""
    return dict(SourceState.objects.filter(app_enrollment=enrollment).values_list("kind", "state"))


def store(sync_request: SyncRequest, states: Mapping[str, JsonValue]) -> None:
    """Store what the bookmarks of a sync said, in its transaction; the states of other kinds stay."""
    SourceState.objects.bulk_create(
        [
            SourceState(
                group_key_id=sync_request.group_key_id,
                app_enrollment=sync_request.enrollment,
                kind=kind,
                state=state,
                sync_request=sync_request,
                modified=timezone.now(),
            )
            for kind, state in states.items()
        ],
        update_conflicts=True,
        unique_fields=["app_enrollment", "kind"],
        update_fields=["state", "sync_request", "modified"],
    )
