"""What the process that reads a source and the process of the sync tell each other, besides what is found in it."""

from typing import Literal, TypeAlias

import msgspec

from syncs.connectors.protocol import ConnectorError


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


# What the reading process says, and what it is answered.
Signal: TypeAlias = Begun | Ended | Refused | Failure | Take | Renew | Renewed
Answer: TypeAlias = Granted | Present | Refused
