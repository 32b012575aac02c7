"""What an attempt to load came to: the values that the pipeline decides by."""

from dataclasses import dataclass
from enum import Enum, auto


class Shortcut(Enum):
    """What saves time while reading, but has to be left out where the merge finds that it was not allowed."""

    SKIP_UNCHANGED_ROWS = auto()
    DIRECT_INSERT = auto()


@dataclass(frozen=True, slots=True)
class Loaded:
    """The input was merged, or of a preview, everything it would do was found out."""

    message: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The sync fails; no record is changed, and what was found out about its lines stays."""

    message: str
    code: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Nothing stays, and the source has to be read again without a shortcut."""

    without: Shortcut


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Nothing stays, and the sync goes back to the queue."""

    message: str
    code: str
    seconds: float


Verdict = Loaded | Stopped | ReadAgain | RetryLater
