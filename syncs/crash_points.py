"""Named places at which a test can kill this process, to prove that nothing is lost.

They do nothing without CRASH_POINTS in the environment. `CRASH_POINTS="written=0.1,after the commit=0.02"` names places
and the probability of each; every kill adds a line to the file that CRASH_LOG names.
"""

import os
import random
import signal

_probabilities = {
    name.strip(): float(probability)
    for name, _, probability in (
        entry.partition("=") for entry in os.environ.get("CRASH_POINTS", "").split(",") if entry
    )
}


def crash_point(name: str) -> None:
    """Kill this process with the probability given for the place; never without CRASH_POINTS."""
    if _probabilities and random.SystemRandom().random() < _probabilities.get(name, 0):
        with open(os.environ["CRASH_LOG"], "a") as log:
            log.write(f"{name}\n")
        os.kill(os.getpid(), signal.SIGKILL)
