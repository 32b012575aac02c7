"""Who may call what: every action of a viewset names the roles it is for."""

from rest_framework.permissions import SAFE_METHODS, BasePermission

from adsplatform.accounts.models import Role
from adsplatform.errors import NotAllowed


class HasRole(BasePermission):
    """The caller has one of the roles that the view's `roles` names for the action."""

    def has_permission(self, request, view):
        caller = request.auth
        if caller is None:
            return False
        # A method that the path does not know; the view answers 405.
        if view.action is None:
            return True
        if caller.uses_read_only_key and request.method not in SAFE_METHODS:
            raise NotAllowed(f"The API key {caller.api_key} may only read. Use another one to change something.")
        needed = view.roles[view.action]
        if caller.role not in needed:
            *others, last = [role.value for role in Role if role in needed]
            names = f"{', '.join(others)} or {last}" if others else last
            raise NotAllowed(f"This needs the role {names}; yours is {caller.role}.")
        return True
