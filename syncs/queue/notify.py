"""Messages of the queue: a wake-up carries nothing; a removal carries the id of an enrollment."""

from uuid import UUID

from django_q.tasks import async_task

WAKEUP_TASK = "syncs.tasks.run_next_sync"
REMOVAL_TASK = "syncs.tasks.remove_enrollment_data"


def send_wakeup() -> None:
    """Wake a worker; inside a transaction, the wake-up is sent when it commits."""
    async_task(WAKEUP_TASK)


def request_removal(app_enrollment_id: UUID) -> None:
    """Have the records of a deleted enrollment removed in the background."""
    async_task(REMOVAL_TASK, str(app_enrollment_id))
