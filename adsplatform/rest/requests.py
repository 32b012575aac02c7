"""The request as our views see it."""

from functools import cached_property
from typing import Protocol

from rest_framework.request import Request

from adsplatform.accounts.services import Caller
from adsplatform.rest.authentication import authenticated
from adsplatform.rest.bodies import Body
from adsplatform.rest.parameters import Parameters


class WireView(Protocol):
    """What a request asks its view."""

    def most_body_bytes(self) -> int: ...


class WireRequest(Request):
    """A request with leniently read parameters, whose body may come without a Content-Length."""

    @property
    def caller(self) -> Caller:
        """Who calls; raises NotSignedIn if nobody has signed in."""
        return authenticated(self)

    @cached_property
    def parameters(self) -> Parameters:
        return Parameters(self._request.GET)

    def _load_stream(self) -> None:
        view: WireView = self.parser_context["view"]
        # DRF only calls `read()`, but its stubs ask for a whole BinaryIO.
        self._stream = Body(self._request, view.most_body_bytes(), advice="Send less at once.")  # type: ignore[assignment]
