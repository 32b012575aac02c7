"""Who is calling: an API key (`Api-Key`, `ApiKey` or as bearer) or a token from sign-in."""

from rest_framework.authentication import BaseAuthentication

from adsplatform.accounts import audit, row_security, services
from adsplatform.accounts.services import Caller, NotSignedIn

NO_CREDENTIAL = (
    "This call needs a credential. Send an API key as Api-Key, or as Authorization: Bearer; "
    "a token from sign-in goes there too."
)
# TypeScript's SDK writes the second.
KEY_HEADERS = ("HTTP_API_KEY", "HTTP_APIKEY")


class CredentialAuthentication(BaseAuthentication):
    """Makes `request.user` the person, and `request.auth` the `Caller`: person, account, role and key."""

    def authenticate(self, request):
        caller = caller_of(request)
        if caller is None:
            return None
        audit.acting(request, caller.user, caller.api_key)
        row_security.restrict_to(caller.account.pk, caller.user.pk)
        return caller.user, caller

    def authenticate_header(self, request):
        return "Bearer"


def caller_of(request) -> Caller | None:
    """The caller a request's credential stands for; None without one, NotSignedIn for one that is no good."""
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
    if credential.startswith(services.KEY_START):
        return services.caller_of_key(credential)
    return services.caller_of_token(credential)


def caller_or_reason(request) -> tuple[Caller | None, str]:
    """The caller or, for a page that answers everyone, why there is none."""
    try:
        caller = caller_of(request)
    except NotSignedIn as reason:
        return None, str(reason)
    return caller, "" if caller else NO_CREDENTIAL
