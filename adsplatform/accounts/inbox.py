"""Inbox pages about the person and the account: sign-in, choice of account, API keys."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.generic import FormView, TemplateView

from adsplatform.accounts import services
from adsplatform.accounts.audit_export import export_response
from adsplatform.accounts.forms import KeyForm
from adsplatform.accounts.inbox_mixins import SESSION_KEY, AskFormMixin, ButtonView, TenantMixin
from adsplatform.accounts.models import ADMINS, EVERYONE, ApiKey, AuditEntry, StaffAction, with_people
from adsplatform.accounts.sign_in import Password, SetPassword, SignIn, SignOut
from adsplatform.accounts.staff_actions import note_seen
from adsplatform.errors import PlatformError
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.throttling import count_made_key

KEYS_LISTED, CHANGES_LISTED = 200, 50
# In the session: which fillings in of the form for keys have been sent.
FORMS_SENT, MOST_FORMS_SENT = "key_forms_sent", 20

if TYPE_CHECKING:
    _KeyFormView = FormView[KeyForm]
else:
    _KeyFormView = FormView


class ChooseAccount(TenantMixin, TemplateView):
    """Which of the person's accounts the Inbox shows."""

    template_name = "inbox/account.html"
    # Everyone may look at another of their own accounts.
    roles = EVERYONE

    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = request.POST.get("group_key", "")
        if wanted not in {str(membership.group_key_id) for membership in self.request.tenant.memberships}:
            messages.error(request, "You are not a member of that account. Choose one from the list.")
            return redirect("inbox:account")
        request.session[SESSION_KEY] = wanted
        return redirect("inbox:home")


class Keys(TenantMixin, AskFormMixin[KeyForm], _KeyFormView):
    """The API keys that a person may see and revoke, and the form that creates one; a new key is shown once."""

    template_name = "inbox/keys.html"
    form_class = KeyForm
    # A key has no more rights than the person who creates it.
    roles = EVERYONE

    def ask(self, form: KeyForm) -> HttpResponse:
        given = dict(form.cleaned_data)
        once, sent = str(given.pop("once") or ""), self.request.session.get(FORMS_SENT, [])
        if once and once in sent:
            messages.error(
                self.request,
                f"The key “{given['name']}” was made when this form was sent the first time, and shown then. If you "
                "have not copied it, revoke it and make another.",
            )
            return redirect("inbox:keys")
        count_made_key(self.request)
        api_key, secret = services.make_api_key(self.request.tenant, **given)
        self.request.session[FORMS_SENT] = [*sent, once][-MOST_FORMS_SENT:]
        context = self.get_context_data(form=self.form_class(), made=api_key, secret=secret)
        return self.render_to_response(context)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        keys = with_people(services.api_keys_for(self.request.tenant).select_related("made_with"), "created_user")
        # Keys that are still valid come first, because people look for those.
        found = list(keys.order_by(F("revoked").desc(nulls_first=True), "-created")[: KEYS_LISTED + 1])
        usable = set(keys.usable().filter(pk__in=[key.pk for key in found]).values_list("pk", flat=True))
        return super().get_context_data(
            keys=[{"key": key, "is_usable": key.pk in usable} for key in found[:KEYS_LISTED]],
            keys_listed=KEYS_LISTED,
            has_more=len(found) > KEYS_LISTED,
            **context,
        )


class RevokeKey(ButtonView[ApiKey]):
    """Revokes an API key for good."""

    roles = EVERYONE

    def get_subject(self, pk: UUID) -> ApiKey:
        return get_object_or_404(services.api_keys_for(self.request.tenant), pk=pk)

    def press(self, api_key: ApiKey) -> str:
        services.revoke_api_key(api_key, self.request.user)
        messages.success(self.request, f"The key “{api_key.name}” is revoked. Nothing can use it any more.")
        return "inbox:keys"

    def page_of(self, api_key: ApiKey) -> str:
        return "inbox:keys"


class SeeStaffAction(ButtonView[StaffAction]):
    """Records that the account knows of something that platform staff did."""

    roles = ADMINS

    def get_subject(self, pk: UUID) -> StaffAction:
        return get_object_or_404(StaffAction.objects.of(self.account), pk=pk)

    def press(self, action: StaffAction) -> str:
        note_seen(action, self.request.user)
        return "inbox:notices"

    def page_of(self, action: StaffAction) -> str:
        return "inbox:notices"


class Changes(TenantMixin, TemplateView):
    """Who changed what in the account, newest first; for those who may change everything themselves."""

    template_name = "inbox/changes.html"
    roles = ADMINS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        check_may_see_changes(self)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        entries = AuditEntry.objects.of(self.account.pk).newest_first()
        before = self.request.GET.get("before", "")
        if before.isdecimal() and len(before) < 19:
            entries = entries.filter(pk__lt=int(before))
        found = list(entries[: CHANGES_LISTED + 1])
        older = found[CHANGES_LISTED - 1].pk if len(found) > CHANGES_LISTED else None
        return super().get_context_data(entries=found[:CHANGES_LISTED], older=older, **context)


class ChangesExport(TenantMixin):
    """The account's audit trail as a file."""

    roles = ADMINS

    def get(self, request: HttpRequest) -> HttpResponseBase:
        check_may_see_changes(self)
        with LongWork(self.account.pk) as work:
            try:
                entries = AuditEntry.objects.of(self.account.pk)
                return work.until_sent(export_response(entries, request.GET.get("format", "csv")))
            except PlatformError as refused:
                messages.error(request, str(refused))
                return redirect("inbox:changes")


def check_may_see_changes(page: TenantMixin) -> None:
    role = page.request.tenant.role
    if role not in page.roles:
        raise PermissionDenied(
            f"Your role in {page.account} is {role}. Who changed what is for owners and admins to see."
        )


urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("password/", Password.as_view(), name="password"),
    path("set-password/<uidb64>/<token>/", SetPassword.as_view(), name="set-password"),
    path("notices/staff/<uuid:pk>/seen/", SeeStaffAction.as_view(), name="staff-action-seen"),
    path("account/", ChooseAccount.as_view(), name="account"),
    path("changes/", Changes.as_view(), name="changes"),
    path("changes/export/", ChangesExport.as_view(), name="changes-export"),
    path("keys/", Keys.as_view(), name="keys"),
    path("keys/<uuid:pk>/revoke/", RevokeKey.as_view(), name="key-revoke"),
]
