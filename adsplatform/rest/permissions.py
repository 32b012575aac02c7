"""Permissions: every action of a viewset names the roles that may call it."""

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from adsplatform.accounts.models import Role
from adsplatform.accounts.services import Caller
from adsplatform.errors import NotAllowed

if TYPE_CHECKING:
    # DRF imports this module while it makes the class.
    from rest_framework.views import APIView


@runtime_checkable
class ViewWithRoles(Protocol):
    """A view that names the roles of each action; `action` is None for a method that it does not have."""

    action: str
    roles: Mapping[str, Set[str]]


class HasRole(BasePermission):
    """Allows the call if the caller has one of the roles that the view names for the action."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        caller = request.auth
        if not isinstance(caller, Caller) or not isinstance(view, ViewWithRoles):
            return False
        # The path does not have this method; the view answers 405.
        if not view.action:
            return True
        if caller.uses_read_only_key and request.method not in SAFE_METHODS:
            raise NotAllowed(f"The API key {caller.api_key} may only read. Use another one to change something.")
        needed = view.roles.get(view.action, frozenset())
        if not needed:
            return False
        if caller.role not in needed:
            *others, last = [role.value for role in Role if role in needed]
            names = f"{', '.join(others)} or {last}" if others else last
            raise NotAllowed(f"This needs the role {names}; yours is {caller.role}.")
        return True
