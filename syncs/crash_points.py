"""Named places at which a test may have this process killed, to see that nothing is lost there.

Without CRASH_POINTS in the environment they do nothing. `CRASH_POINTS="written=0.1,after the commit=0.02"` names places
and the chance of each; a line for each kill goes to the file that CRASH_LOG names.
"""

import os
import random
import signal

_chances = {
    name.strip(): float(chance)
    for name, _, chance in (entry.partition("=") for entry in os.environ.get("CRASH_POINTS", "").split(",") if entry)
}


def crash_point(name: str) -> None:
    """This place is passed; seldom, and in tests only, no further."""
    if _chances and random.SystemRandom().random() < _chances.get(name, 0):
        with open(os.environ["CRASH_LOG"], "a") as log:
            log.write(f"{name}\n")
        os.kill(os.getpid(), signal.SIGKILL)
