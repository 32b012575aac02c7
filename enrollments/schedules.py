"""Cron texts of enrollments: what is accepted, and why not."""

from croniter import CroniterBadCronError, CroniterBadDateError, croniter
from django.utils import timezone

from adsplatform.errors import PlatformError


def check_cron(text: str) -> None:
    """Raise a PlatformError unless the text is five cron fields that come round at all."""
    problem = ""
    if len(text) > 50:
        problem = "it is longer than 50 characters"
    elif len(text.split()) != 5:
        problem = "it needs five fields: minute, hour, day of month, month, day of week"
    else:
        try:
            croniter(text, timezone.now()).get_next()
        except CroniterBadDateError:
            problem = "no such day ever comes"
        except (CroniterBadCronError, ValueError, KeyError):
            problem = "a field is out of its range or not understood"
    if problem:
        raise PlatformError(
            f"The schedule “{text}” cannot be used: {problem}. Example: “30 2 * * 1-5” is 02:30 on working days.",
            field="cronSettings",
        )
