"""Wake-ups for the workers: messages of the queue that carry nothing, or what to remove."""

from django_q.tasks import async_task

WAKEUP_TASK = "syncs.tasks.run_next_sync"


def send_wakeup():
    """Wake a worker; inside a transaction, the bell is part of it and rings with its commit."""
    async_task(WAKEUP_TASK, save=False, ack_failure=True)


def request_removal(app_enrollment_id):
    """Have a deleted enrollment's records removed in the background."""
    async_task("syncs.tasks.remove_enrollment_data", str(app_enrollment_id), save=False, ack_failure=True)
