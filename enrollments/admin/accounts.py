"""The admin's page of accounts, with their members and time zone."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from adsplatform.accounts.models import Account, ApiKey, Membership, StaffAction, User
from adsplatform.accounts.staff_actions import record_action_in
from adsplatform.admin_lists.bounded import BoundedAdmin, list_url, staff_of
from adsplatform.admin_lists.filters import as_uuid
from adsplatform.zones import zone_names
from enrollments.models import AppEnrollment
from enrollments.services import change_time_zone
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.notices import Notice
from syncs.services.quotas import quotas_of

if TYPE_CHECKING:
    _AccountForm = forms.ModelForm[Account]
    _MembershipForm = forms.ModelForm[Membership]
    _MembershipInline = admin.TabularInline[Membership, Account]
else:
    _AccountForm = _MembershipForm = forms.ModelForm
    _MembershipInline = admin.TabularInline


class MembershipForm(_MembershipForm):
    """A member of an account, who cannot be the one who fills in the form."""

    # Who of the staff fills it in.
    staff: User

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.has_changed() and str(self.staff.pk) in (str(self.initial.get("user")), str(self["user"].value())):
            raise forms.ValidationError(
                "You cannot give yourself a membership or change your own. Ask an owner of the account, or somebody "
                "else of the platform's staff; its owners are told of it."
            )
        return values


class MembershipInline(_MembershipInline):
    model = Membership
    form = MembershipForm
    extra = 0
    autocomplete_fields = ["user"]
    readonly_fields = ["created"]
    verbose_name_plural = "members"

    def get_formset(self, request: HttpRequest, obj: Account | None = None, **kwargs: Any) -> Any:
        """Forms that know who of the staff uses them."""
        form = type("MembershipFormOfStaff", (MembershipForm,), {"staff": request.user})
        return super().get_formset(request, obj, form=form, **kwargs)


class AccountForm(_AccountForm):
    """An account; its schedules are planned again when its time zone changes."""

    time_zone = forms.ChoiceField(
        choices=lambda: [(name, name) for name in zone_names()],
        initial="UTC",
        help_text="The account's schedules are read on the clocks of this zone.",
    )

    class Meta:
        model = Account
        fields = ["name", "time_zone"]


@admin.register(Account)
class AccountAdmin(BoundedAdmin[Account]):
    """Accounts and their members. Deleting an account would delete all it owns, so it is not possible here."""

    form = AccountForm
    list_display = ["name", "group_key", "time_zone", "base_currency_code", "created", "owned"]
    ordering = ["name"]
    search_fields = ["name"]
    search_help_text = "A part of the name, or the GroupKey."
    fields = ["name", "time_zone", "group_key", "base_currency_code", "created", "owned", "uses"]
    readonly_fields = ["group_key", "base_currency_code", "created", "owned", "uses"]
    inlines = [MembershipInline]

    def save_model(
        self, request: HttpRequest, account: Account, form: "forms.ModelForm[Account]", change: bool
    ) -> None:
        if not change:
            account.save()
            return
        account.save(update_fields=["name"])
        change_time_zone(account, form.cleaned_data["time_zone"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the members, and let the account know who came, changed and left."""
        super().save_formset(request, form, formset, change)
        account, staff = form.instance, staff_of(request)
        done = [(membership, f"was added as {membership.role}") for membership in formset.new_objects]
        done += [(membership, f"was changed to {membership.role}") for membership, _ in formset.changed_objects]
        done += [(membership, "was removed") for membership in formset.deleted_objects]
        for membership, what in done:
            person, kind = membership.user, StaffAction.Kind.MEMBERSHIP
            record_action_in(account, person, staff, kind, f"{person.email} {what}.")

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], term: str
    ) -> tuple[QuerySet[Account], bool]:
        if group_key := as_uuid(term):
            return queryset.filter(pk=group_key), False
        return super().get_search_results(request, queryset, term)

    @admin.display(description="what it uses")
    def uses(self, account: Account) -> str:
        if account._state.adding:
            return "-"
        rows = ((quota.name, quota.used_text, quota.most_text) for quota in quotas_of(account))
        return format_html_join("", "<div>{}: {} of {}</div>", rows)

    @admin.display(description="what it has")
    def owned(self, account: Account) -> str:
        if account._state.adding:
            return "-"
        return format_html(
            '<a href="{}">Enrollments</a> · <a href="{}">Syncs</a> · <a href="{}">Problems</a> · '
            '<a href="{}">Notices</a> · <a href="{}">Keys</a>',
            *(
                list_url(model, account=account.pk)
                for model in (
                    AppEnrollment,
                    SyncRequest,
                    SyncResultDetail,
                    Notice,
                    ApiKey,
                )
            ),
        )
