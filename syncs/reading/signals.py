"""What the process that reads a source and the process of the sync tell each other, besides what is found in it."""

import logging
from typing import Literal, TypeAlias

import msgspec

from syncs.connectors.protocol import ConnectorError

logger = logging.getLogger(__name__)


class Begun(msgspec.Struct, tag=True, array_like=True):
    """The process is there and reads."""


class Ended(msgspec.Struct, tag=True, array_like=True):
    """Everything has been read."""


class Refused(msgspec.Struct, tag=True, array_like=True):
    """A `ConnectorError`."""

    message: str
    code: str
    file: str
    transient: bool
    retry_after: float | None

    @classmethod
    def of(cls, error: ConnectorError) -> "Refused":
        return cls(str(error), error.code, error.file, error.transient, error.retry_after)

    def error(self) -> ConnectorError:
        return ConnectorError(
            self.message,
            code=self.code,
            file=self.file,
            transient=self.transient,
            retry_after=self.retry_after,
        )


class Failure(msgspec.Struct, tag=True, array_like=True):
    """Any other error: no memory, one of the operating system with its number, or one that the log explains."""

    kind: Literal["memory", "system", "other"]
    number: int = 0
    message: str = ""

    def error(self) -> Exception:
        match self.kind:
            case "memory":
                return MemoryError(self.message)
            case "system":
                return OSError(self.number, self.message)
        return RuntimeError(self.message)


class Take(msgspec.Struct, tag=True, array_like=True):
    """So much of a budget is needed; the answer is `Granted` or `Refused`."""

    name: str
    amount: int


class Renew(msgspec.Struct, tag=True, array_like=True):
    """The credentials are to be renewed; the answer is `Present` or `Refused`."""


class Renewed(msgspec.Struct, tag=True, array_like=True):
    """The new credentials after `Present`, or None if they could not be renewed; the answer is `Granted`."""

    credentials: dict[str, str] | None


class Granted(msgspec.Struct, tag=True, array_like=True):
    """What was asked for is done."""


class Present(msgspec.Struct, tag=True, array_like=True):
    """The present credentials, which no other process can renew now."""

    credentials: dict[str, str]


class Said(msgspec.Struct, tag=True, array_like=True):
    """What `Connector.check` found."""

    found: str


class Offered(msgspec.Struct, tag=True, array_like=True):
    """The values and labels that the source offers for a field of the form."""

    field: str
    choices: list[tuple[str, str]]


# What the reading process says, and what it is answered.
Signal: TypeAlias = Begun | Ended | Refused | Failure | Take | Renew | Renewed | Said | Offered
Answer: TypeAlias = Granted | Present | Refused


def signal_of(error: Exception) -> Refused | Failure:
    """What is said of an error that ends the reading; one of the program is logged."""
    match error:
        case ConnectorError():
            return Refused.of(error)
        case MemoryError():
            return Failure("memory", 0, str(error))
        case OSError(errno=int(number)):
            return Failure("system", number, error.strerror or "")
    logger.error("The source could not be read.", exc_info=error)
    return Failure("other", 0, f"The connector failed: {type(error).__name__}: {error}")
