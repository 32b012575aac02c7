"""Whose data a person sees in the Inbox, and what a person may do there."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.generic import View
from django.views.generic.base import TemplateResponseMixin
from django.views.generic.edit import ProcessFormView
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from adsplatform.accounts import row_security
from adsplatform.accounts.models import ADMINS, WRITERS, Account, Membership, Role, User
from adsplatform.accounts.services import Caller
from adsplatform.errors import PlatformError, QuotaExceeded

SESSION_KEY = "group_key"

FormT = TypeVar("FormT", bound=Form)
Subject = TypeVar("Subject", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Tenant(Caller):
    """A signed-in person in the Inbox: a caller, in the account that the person has chosen."""

    memberships: list[Membership]

    @property
    def may_write(self) -> bool:
        return self.role in WRITERS

    @property
    def may_administer(self) -> bool:
        return self.role in ADMINS


class TenantRequest(HttpRequest):
    """The type of `self.request` in a page of the Inbox, as middleware and TenantMixin fill it."""

    user: User
    tenant: Tenant
    htmx: HtmxDetails


def tenant_of(user: User, chosen: str | None) -> Tenant | None:
    """The person in the account with the chosen id, else in their first; None for a person without any."""
    memberships = list(user.memberships.select_related("group_key").order_by("group_key__name", "group_key_id"))
    if not memberships:
        return None
    current = next((one for one in memberships if str(one.group_key_id) == chosen), memberships[0])
    return Tenant(membership=current, memberships=memberships)


def refusal_of(tenant: Tenant, roles: Collection[str]) -> str:
    """Why a person may not change something that these roles may."""
    allowed = [str(role) for role in Role if role in roles]
    return (
        f"Your role in {tenant.account} is {tenant.role}, which may look but not change this. "
        f"Ask someone who is {', '.join(allowed[:-1])} or {allowed[-1]}."
    )


class TenantMixin(TemplateResponseMixin, View):
    """A page of the signed-in person's current account: `self.account` is what its queries start from.

    Everyone in the account may look; `roles` are those who may change something.
    """

    roles = WRITERS
    # Whether a form of the page may contain a file.
    takes_file = False
    request: TenantRequest
    account: Account

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if self.request.htmx:
                return HttpResponseClientRefresh()
            return self.to_sign_in()
        tenant = tenant_of(self.request.user, request.session.get(SESSION_KEY))
        if tenant is None:
            return render(request, "inbox/no_account.html", status=403)
        self.request.tenant, self.account = tenant, tenant.account
        row_security.restrict_to(self.account.pk, tenant.user.pk)
        if request.method not in ("GET", "HEAD", "OPTIONS") and tenant.role not in self.roles:
            raise PermissionDenied(self.refusal())
        try:
            return super().dispatch(request, *args, **kwargs)
        except QuotaExceeded as refused:
            page = render(request, "429.html", {"refused": refused}, status=refused.status)
            if refused.retry_after:
                page["Retry-After"] = str(refused.retry_after)
            return page

    def to_sign_in(self) -> HttpResponse:
        """The page for signing in; it says so where something was sent that is lost."""
        back = redirect_to_login(self.request.get_full_path())
        if self.request.method != "POST":
            return back
        return redirect(f"{back.url}&after=session")

    def refusal(self) -> str:
        """Why a person may not, and who may."""
        return refusal_of(self.request.tenant, self.roles)


class FormPageMixin(TenantMixin, ProcessFormView):
    """A page that consists of a form: people who may not submit it cannot open it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.request.tenant.role not in self.roles:
            raise PermissionDenied(self.refusal())
        return super().get(request, *args, **kwargs)


class ButtonView(TenantMixin, Generic[Subject]):
    """A button: makes one service call, then redirects to its result, or says why it was refused."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A GET does nothing: a person who is sent here after signing in is redirected to the page with the button."""
        return redirect(self.page_of(self.get_subject(pk)))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        subject = self.get_subject(pk)
        try:
            return redirect(self.press(subject))
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect(self.page_of(subject))

    def get_subject(self, pk: UUID) -> Subject:
        """The object of this account that the button acts on; raises Http404."""
        raise NotImplementedError

    def press(self, subject: Subject) -> str:
        """Make the service call; returns the page to go to, raises PlatformError where it is refused."""
        raise NotImplementedError

    def page_of(self, subject: Subject) -> str:
        """The page that has the button."""
        raise NotImplementedError


if TYPE_CHECKING:
    from django.views.generic.edit import FormMixin
else:

    class FormMixin(Generic[FormT]):
        """Django's class cannot be subscripted at run time."""


class AskFormMixin(FormMixin[FormT]):
    """A form that makes one service call; an error appears at its field, or above the form.

    `form_fields` says which field of the form a wire name in a PlatformError means.
    """

    form_fields: dict[str, str] = {}

    def ask(self, form: FormT) -> HttpResponse:
        """Make the service call; raises PlatformError where it is refused."""
        raise NotImplementedError

    def form_valid(self, form: FormT) -> HttpResponse:
        try:
            return self.ask(form)
        except PlatformError as refused:
            form.add_error(self.form_fields.get(refused.field), str(refused))
            return self.form_invalid(form)
