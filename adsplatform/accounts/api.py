"""Status, API keys and signing in, for programs."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.conf import settings
from django.db.models import Model
from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response

import adsplatform
from adsplatform.accounts import services
from adsplatform.accounts.models import EVERYONE, ApiKey, ApiKeyQuerySet
from adsplatform.observability import health
from adsplatform.rest.authentication import caller_or_reason
from adsplatform.rest.idempotency import once
from adsplatform.rest.operations import TEXT, ActionResult, Component, Operation, Schema
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.serializers import AnyCaseBoolean, Guid, WireInput, WireModel
from adsplatform.rest.throttling import AddressThrottle, MakeKeyThrottle, count_guess, sign_in_failed
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight import Field, Fields, Searchlight


class ApiKeyModel(WireModel[ApiKey]):
    """What can be read about a key; the key itself is only in the answer that created it."""

    class Meta:
        model = ApiKey
        fields = (
            "api_key_id",
            "group_key",
            "name",
            "environment",
            "key_prefix",
            "created",
            "created_user_id",
            "revoked",
            "revoked_user_id",
            "expires",
            "is_read_only",
            "made_with_api_key_id",
        )
        unfilled = {"apiKey": TEXT}

    environment = serializers.SerializerMethodField()
    is_read_only = serializers.SerializerMethodField("get_is_read_only")
    # Left out of the answer for keys that a person made, because the published API does not have it.
    made_with_api_key_id = serializers.UUIDField(source="made_with_id")

    def get_is_read_only(self, api_key: ApiKey) -> bool | None:
        # Left out unless it is true, because the published API does not have it.
        return api_key.is_read_only or None

    def get_environment(self, api_key: ApiKey) -> str:
        return settings.ENVIRONMENT


class ApiKeyInput(WireInput):
    name = serializers.CharField(max_length=100)
    expires = serializers.DateTimeField(required=False)
    is_read_only = AnyCaseBoolean(required=False)


class SignInInput(WireInput):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)
    group_key = Guid(required=False)


def _made_key() -> Schema:
    return {
        "allOf": [ApiKeyModel],
        "type": "object",
        "properties": {"apiKey": {**TEXT, "description": "The key itself: in this answer only."}},
        "required": ["apiKey"],
    }


class UserGroup(TypedDict):
    """An account that the person is a member of."""

    groupKey: UUID
    userRole: str
    groupName: str
    status: str


class _KnownStatus(TypedDict):
    loggedIn: bool
    dependencies: dict[str, str]


class StatusModel(_KnownStatus, total=False):
    """Who calls, and the state of what the platform depends on."""

    userName: str
    emailAddress: str
    accountName: str
    userId: UUID
    groupKey: UUID
    errorMessage: str
    roles: list[str]
    lastLoggedIn: datetime
    apiKeyId: UUID
    userStatus: str
    environment: str
    version: str
    baseCurrencyCode: str
    isImpersonated: bool
    userGroups: list[UserGroup]
    # Of the published API; absent here.
    accountCompanyId: UUID
    onboardingScheduled: bool
    countryCode: str
    magicLinkId: UUID
    magicLinkCompanyId: UUID
    magicLink: dict[str, str]
    supportAccess: dict[str, str]


# Of the published API.
STATUS_QUERY: Schema = {
    "type": "object",
    "properties": {"useCompanyInfo": {"type": "boolean", "description": "Accepted, and without effect."}},
}


class SignInResult(TypedDict):
    token: str
    expires: datetime
    groupKey: UUID


class ApiKeyViewSet(WireViewSet[ApiKey]):
    """Create, query and revoke keys."""

    operations = {
        "create": Operation(
            body=ApiKeyInput,
            answer=Component("CreatedApiKeyModel", _made_key),
            status=201,
            example={"name": "Nightly upload"},
        ),
        "destroy": Operation(answer=ActionResult),
    }

    wire_model = ApiKeyModel
    noun = "API key"
    roles = dict.fromkeys(("create", "retrieve", "destroy", "query"), EVERYONE)
    throttles = {"create": (MakeKeyThrottle,)}
    searchlight = Searchlight(
        Fields(
            [
                Field("apiKeyId", "api_key_id", "uuid"),
                Field("groupKey", "group_key_id", "uuid"),
                Field("name", "name", "text"),
                Field("keyPrefix", "key_prefix", "text"),
                Field("created", "created", "datetime"),
                Field("createdUserId", "created_user_id", "uuid"),
                Field("revoked", "revoked", "datetime"),
                Field("revokedUserId", "revoked_user_id", "uuid"),
                Field("expires", "expires", "datetime"),
            ],
            default_order=("-created", "-api_key_id"),
            key="api_key_id",
        )
    )

    def get_queryset(self) -> ApiKeyQuerySet:
        return services.api_keys_for(self.request.caller)

    def create(self, request: WireRequest) -> HttpResponse:
        """Create a key, which only this answer shows."""

        def make() -> Response:
            api_key, key = services.make_api_key(request.caller, **ApiKeyInput.read(request.data))
            return Response({**self.serialize([api_key])[0], "apiKey": key}, status=201)

        return once(request, request.data, make, omit_on_replay=("apiKey",))

    def destroy(self, request: WireRequest, pk: str) -> HttpResponse:
        """Revoke a key."""
        return Response({"messages": services.revoke_api_key(self.get_object(pk), request.caller.user)})


class SignInViewSet(WireViewSet[Model]):
    """Give a token to a person with a password."""

    authentication_classes = permission_classes = ()
    operations = {
        "create": Operation(
            body=SignInInput,
            answer=SignInResult,
            problems=(401,),
            example={"email": "ana@example.com", "password": "…"},
        )
    }
    # Counted before the body is read.
    throttles = {"create": (AddressThrottle,)}

    def create(self, request: WireRequest) -> HttpResponse:
        wanted = SignInInput.read(request.data)
        count_guess(request, wanted["email"])
        try:
            membership = services.sign_in(**wanted)
        except services.NotSignedIn:
            sign_in_failed(request, wanted["email"])
            raise
        token, expires = services.issue_token(membership)
        return Response({"token": token, "expires": expires, "groupKey": membership.group_key_id})


class SignOutViewSet(WireViewSet[Model]):
    """End the bearer tokens of the person who calls."""

    operations = {"create": Operation(answer=ActionResult)}
    roles = {"create": EVERYONE}

    def create(self, request: WireRequest) -> HttpResponse:
        return Response({"messages": services.sign_out(request.caller)})


class StatusViewSet(WireViewSet[Model]):
    """Who the caller is, and whether the services that the platform depends on are up; open to everyone."""

    authentication_classes = permission_classes = ()
    operations = {"show": Operation(answer=StatusModel, query=STATUS_QUERY)}

    def show(self, request: WireRequest) -> HttpResponse:
        return Response(status_of(request))


class AuthStatusViewSet(WireViewSet[Model]):
    """The same, but only for callers with a valid credential."""

    roles = {"show": EVERYONE}
    operations = {"show": Operation(answer=StatusModel)}

    def show(self, request: WireRequest) -> HttpResponse:
        return Response(status_of(request))


def status_of(request: WireRequest) -> dict[str, object]:
    """The StatusModel; without a valid credential it contains no more than the published one."""
    state = health.dependencies()
    if state["Database"] != health.HEALTHY:
        return {"loggedIn": False, "errorMessage": state["Database"], "dependencies": state}
    caller, reason = caller_or_reason(request)
    if caller is None:
        return {"loggedIn": False, "errorMessage": reason, "dependencies": state}
    user, account = caller.user, caller.account
    memberships = user.memberships.select_related("group_key").order_by("created", "pk")
    if caller.api_key:
        # Whoever has the key need not know what other accounts its maker is in.
        memberships = memberships.filter(group_key=account)
    return {
        "userName": str(user),
        "emailAddress": user.email,
        "accountName": account.name,
        "userId": user.pk,
        "groupKey": account.pk,
        "loggedIn": True,
        "roles": [caller.role],
        "lastLoggedIn": user.last_login,
        "apiKeyId": caller.api_key.pk if caller.api_key else None,
        "userStatus": "Active",
        "environment": settings.ENVIRONMENT,
        "version": adsplatform.__version__,
        "baseCurrencyCode": account.base_currency_code or None,
        "isImpersonated": False,
        "userGroups": [
            {
                "groupKey": membership.group_key_id,
                "userRole": caller.role if caller.api_key else membership.role,
                "groupName": membership.group_key.name,
                "status": "Active",
            }
            for membership in memberships
        ],
        "dependencies": state,
    }


urlpatterns = [
    path("status", StatusViewSet.as_view({"get": "show"}), name="status"),
    path("status/auth", AuthStatusViewSet.as_view({"get": "show"}), name="status-auth"),
    path("sign-in", SignInViewSet.as_view({"post": "create"}), name="sign-in"),
    path("sign-out", SignOutViewSet.as_view({"post": "create"}), name="sign-out"),
    path("apikeys", ApiKeyViewSet.as_view({"post": "create"}), name="api-keys"),
    path("apikeys/query", ApiKeyViewSet.as_view({"get": "query"}), name="api-key-query"),
    path("apikeys/<str:pk>", ApiKeyViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="api-key"),
]
