"""The errors that reach a person: each message is a full sentence, each class has an HTTP status."""


class PlatformError(Exception):
    """A request that cannot be carried out; `str()` is the sentence for the caller.

    `field` is the wire name of the member or parameter at fault, if there is one.
    """

    status = 400
    title = "The request could not be carried out."

    def __init__(self, message: str, *, field: str = ""):
        super().__init__(message)
        self.field = field


class NotFound(PlatformError):
    status = 404
    title = "Not found."


class NotAllowed(PlatformError):
    status = 403
    title = "Not allowed."


class Conflict(PlatformError):
    status = 409
    title = "Conflict."


class TooLarge(PlatformError):
    status = 413
    title = "Too large."


class TooMany(PlatformError):
    status = 429
    title = "Too many requests."


class QuotaExceeded(TooMany):
    """More than an account may have; `retry_after` is in how many seconds that may be different, if waiting helps."""

    title = "Quota exceeded."

    def __init__(self, message: str, *, field: str = "", retry_after: int = 0):
        super().__init__(message, field=field)
        self.retry_after = retry_after


class DependencyFailed(PlatformError):
    """The accounting system behind a connector refused or did not answer."""

    status = 424
    title = "The connected system refused."
