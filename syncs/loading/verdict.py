"""What reading and merging came to, by which the pipeline decides how to go on."""

from dataclasses import dataclass
from enum import Enum, auto


class Shortcut(Enum):
    """Saves time while reading, but must be left out if the merge finds that it was not allowed."""

    SKIP_UNCHANGED_ROWS = auto()
    DIRECT_INSERT = auto()
    # The styles of columns are judged by the cells read so far.
    JUDGE_WHILE_READING = auto()


@dataclass(frozen=True, slots=True)
class Loaded:
    """The input was merged; or, for a preview, its changes were recorded and rolled back."""

    message: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The sync fails; no record is changed, and the problems found in its lines are stored."""

    message: str
    code: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Nothing is stored, and the source has to be read again without a shortcut."""

    without: Shortcut


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Nothing is stored, and the sync goes back to the queue."""

    message: str
    code: str
    seconds: float


Verdict = Loaded | Stopped | ReadAgain | RetryLater
