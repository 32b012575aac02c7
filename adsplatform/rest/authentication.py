"""Authentication: by API key (`Api-Key`, `ApiKey` or as bearer), or by the token that sign-in gives."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from adsplatform.accounts import audit, row_security, services
from adsplatform.accounts.models import User
from adsplatform.accounts.services import Caller, NotSignedIn

NO_CREDENTIAL = (
    "This call needs a credential. Send an API key as Api-Key, or as Authorization: Bearer; "
    "a token from sign-in goes there too."
)
# The TypeScript SDK sends the second one.
KEY_HEADERS = ("HTTP_API_KEY", "HTTP_APIKEY")


class CredentialAuthentication(BaseAuthentication):
    """Sets `request.user` to the person, and `request.auth` to the `Caller`: person, account, role and key."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        caller = caller_of(request)
        if caller is None:
            return None
        audit.record_actor(request, caller.user, caller.api_key)
        row_security.restrict_to(caller.account.pk, caller.user.pk)
        return caller.user, caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def authenticated(request: Request) -> Caller:
    """The caller that `CredentialAuthentication` found; raises NotSignedIn if there is none."""
    if not isinstance(request.auth, Caller):
        raise NotSignedIn(NO_CREDENTIAL)
    return request.auth


def caller_of(request: Request | HttpRequest) -> Caller | None:
    """The caller whom the credential of a request identifies; None without one, NotSignedIn for an invalid one."""
    for header in KEY_HEADERS:
        if key := request.META.get(header, "").strip():
            return services.caller_of_key(key)
    authorization = request.META.get("HTTP_AUTHORIZATION", "").strip()
    if not authorization:
        return None
    scheme, _, credential = authorization.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise NotSignedIn("The Authorization header is not understood. Write “Bearer”, a blank, and the key or token.")
    if credential.startswith(services.KEY_PREFIX):
        return services.caller_of_key(credential)
    return services.caller_of_token(credential)


def caller_or_reason(request: Request) -> tuple[Caller | None, str]:
    """The caller, and otherwise the reason why there is none; for an endpoint that answers everyone."""
    if isinstance(request.auth, Caller):
        return request.auth, ""
    try:
        caller = caller_of(request)
    except NotSignedIn as reason:
        return None, str(reason)
    return caller, "" if caller else NO_CREDENTIAL
