"""Whose data a person sees in the Inbox, and what a person may do there."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.views.generic import View
from django_htmx.http import HttpResponseClientRefresh

from adsplatform.accounts import row_security
from adsplatform.accounts.models import ADMINS, WRITERS, Account, Membership, Role
from adsplatform.accounts.services import Caller
from adsplatform.errors import PlatformError

SESSION_KEY = "group_key"


@dataclass(frozen=True, kw_only=True)
class Tenant(Caller):
    """A person in the Inbox: a caller, in the account chosen from all that are open to the person."""

    memberships: list[Membership]

    @property
    def may_write(self) -> bool:
        return self.role in WRITERS

    @property
    def may_administer(self) -> bool:
        return self.role in ADMINS


def tenant_of(request) -> Tenant | None:
    """The account chosen in this session, else the person's first; None for a person without any."""
    memberships = list(request.user.memberships.select_related("group_key").order_by("group_key__name", "group_key_id"))
    if not memberships:
        return None
    chosen = request.session.get(SESSION_KEY)
    current = next((one for one in memberships if str(one.group_key_id) == chosen), memberships[0])
    return Tenant(membership=current, memberships=memberships)


class TenantMixin:
    """A page of the signed-in person's current account: `self.account` is what its queries start from.

    Everyone in the account may look; `roles` are those who may change something.
    """

    roles = WRITERS
    account: Account

    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            if request.htmx:
                return HttpResponseClientRefresh()
            return redirect_to_login(request.get_full_path())
        request.tenant = tenant_of(request)
        if request.tenant is None:
            return render(request, "inbox/no_account.html", status=403)
        self.account = request.tenant.account
        row_security.restrict_to(self.account.pk, request.user.pk)
        if request.method not in ("GET", "HEAD", "OPTIONS") and request.tenant.role not in self.roles:
            raise PermissionDenied(self.refusal())
        return super().dispatch(request, *args, **kwargs)

    def refusal(self) -> str:
        """Why a person may not, and who may."""
        allowed = [str(role) for role in Role if role in self.roles]
        return (
            f"Your role in {self.account} is {self.request.tenant.role}, which may look but not change this. "
            f"Ask someone who is {', '.join(allowed[:-1])} or {allowed[-1]}."
        )


class FormPageMixin(TenantMixin):
    """A page that is nothing but a form: whoever may not send it is not shown it."""

    def get(self, request, *args, **kwargs):
        if request.tenant.role not in self.roles:
            raise PermissionDenied(self.refusal())
        return super().get(request, *args, **kwargs)


class ButtonView(TenantMixin, View):
    """A button: asks one service for one thing, then shows where that led, or why it was refused."""

    def get(self, request, pk):
        """Nobody presses by GET; a person sent back here after signing in goes to the page of the button."""
        return redirect(self.page_of(self.get_subject(pk)))

    def post(self, request, pk):
        subject = self.get_subject(pk)
        try:
            return redirect(self.press(subject))
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect(self.page_of(subject))

    def get_subject(self, pk):
        raise NotImplementedError

    def press(self, subject):
        raise NotImplementedError

    def page_of(self, subject):
        raise NotImplementedError


class AskFormMixin:
    """A form that asks one service; a refusal is shown at the field it is about, or above the form.

    `form_fields` says which field of the form a wire name in a PlatformError means.
    """

    form_fields: dict[str, str] = {}

    def ask(self, form):
        raise NotImplementedError

    def form_valid(self, form):
        try:
            return self.ask(form)
        except PlatformError as refused:
            form.add_error(self.form_fields.get(refused.field), str(refused))
            return self.form_invalid(form)
