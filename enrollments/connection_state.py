"""The connection of an enrollment at a vendor: stored, renewed when it is needed, marked when it has ended."""

from django.db import transaction
from django.utils import timezone

from adsplatform import database
from adsplatform.accounts.models import User
from adsplatform.errors import DependencyFailed
from adsplatform.observability.redaction import redact
from enrollments.credential_renewal import connection_end, renew
from enrollments.models import AppEnrollment, secrets_in
from enrollments.schedules import replan
from enrollments.sources import authorized_connector, client_of
from syncs.connectors.protocol import DISCONNECTED, ConnectorError


@transaction.atomic
def store_connection(enrollment: AppEnrollment, user: User | None, *, problem: str) -> AppEnrollment:
    """Store the enrollment's credentials; with a problem that only a person can solve, its schedule rests."""
    rested = bool(enrollment.connection_problem)
    enrollment.connection_ends, enrollment.connection_problem = connection_end(enrollment.credentials), problem
    enrollment.modified, enrollment.modified_user = timezone.now(), user
    fields = ["encrypted_credentials", "connection_ends", "connection_problem", "modified", "modified_user"]
    enrollment.save(update_fields=fields)
    if rested != bool(problem):
        replan(enrollment)
    return enrollment


@transaction.atomic
def mark_disconnected(enrollment: AppEnrollment, problem: str) -> None:
    """Let the schedule rest until a person connects the enrollment again, unless one has done so meanwhile."""
    unchanged = AppEnrollment.objects.filter(pk=enrollment.pk, encrypted_credentials=enrollment.encrypted_credentials)
    if unchanged.update(connection_problem=problem):
        replan(AppEnrollment.objects.select_related("app").get(pk=enrollment.pk))


def fresh_credentials(enrollment: AppEnrollment) -> dict[str, str]:
    """The enrollment's credentials, renewed if they are about to end; raises DependencyFailed."""
    connector = authorized_connector(enrollment.app)
    if connector is None or not enrollment.credentials:
        return enrollment.credentials
    client = client_of(enrollment.app)
    try:
        with database.connected() as session:
            session.autocommit = True
            return renew(session, enrollment, lambda present: connector.renewed({**client, **present}))
    except ConnectorError as refused:
        sentence = redact(str(refused), secrets_in(enrollment.credentials | client))
        if refused.code == DISCONNECTED:
            mark_disconnected(enrollment, sentence)
        raise DependencyFailed(sentence, field="connectorInfo") from refused
