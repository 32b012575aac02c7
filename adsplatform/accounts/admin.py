"""The admin's pages for people, the keys programs use, and the audit trail."""

from typing import TYPE_CHECKING

import django_filters
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join

from adsplatform.accounts.audit import record_export
from adsplatform.accounts.audit_export import export_response
from adsplatform.accounts.models import ApiKey, ApiKeyQuerySet, AuditEntry, StaffAction, User
from adsplatform.accounts.password_links import send_password_link
from adsplatform.accounts.sign_in import AdminSignInForm
from adsplatform.accounts.staff_actions import record_action
from adsplatform.admin_lists.bounded import BoundedAdmin, FilterForm, ReadOnlyAdmin, link, linked, staff_of
from adsplatform.admin_lists.filters import ANY, AccountFilter, YesNoFilter
from adsplatform.errors import PlatformError

# The entry about an export of the audit trail names no more accounts.
MOST_ACCOUNTS_NAMED = 100

admin.site.login_form = AdminSignInForm
admin.site.unregister(Group)

if TYPE_CHECKING:
    _UserForm = forms.ModelForm[User]
else:
    _UserForm = forms.ModelForm


class UniqueEmailForm(_UserForm):
    """Refuses an e-mail address that another user already has, ignoring case."""

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.with_email(email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"There is a user with the e-mail address “{email}” already.")
        return email


class UserAddForm(UniqueEmailForm):
    """A new person, who has no password until they set one by a link."""

    class Meta:
        model = User
        fields = ["email", "name"]

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        return super().save(commit)


class UserChangeForm(UniqueEmailForm, auth_forms.UserChangeForm):
    # Nobody sets the password of somebody else.
    password = None  # type: ignore[assignment]  # How Django removes a field; its stubs leave it out.

    class Meta:
        model = User
        fields = ["email", "name", "is_active", "is_staff", "is_superuser"]
        fields += ["groups", "user_permissions"]
        help_texts = {
            "is_active": "Switch people off instead of deleting them: they and their keys stop at once.",
            "is_staff": "Platform staff: may use this administration, with the permissions given below.",
        }


class UserFilters(django_filters.FilterSet):
    account = AccountFilter("memberships__group_key", distinct=True)
    is_staff = YesNoFilter(label="Platform staff")
    is_active = YesNoFilter(label="Active")


@admin.register(User)
class UserAdmin(BoundedAdmin[User], auth_admin.UserAdmin):
    """People, who sign in with their e-mail address. Staff send them a link to set a password, and never know it."""

    PERMISSION_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")

    form, add_form = UserChangeForm, UserAddForm
    filterset_class = UserFilters
    list_filter = [FilterForm]
    list_display = ["email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created"]
    ordering = ["email"]
    search_fields = ["email", "name"]
    search_help_text = "A part of the e-mail address or the name."
    fieldsets = [
        (None, {"fields": ["email", "name"]}),
        ("Permissions", {"fields": ["is_active", *PERMISSION_FIELDS]}),
        ("More", {"fields": ["id", "last_login", "created", "accounts"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name"]})]
    readonly_fields = ["id", "last_login", "created", "accounts"]
    actions = ["send_password_link"]

    def get_urls(self) -> list[URLPattern]:
        """Those of Django, without the page that sets the password of somebody else."""
        return [url for url in super().get_urls() if url.name != "auth_user_password_change"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str] | tuple[str, ...]:
        """Only superusers give permissions; otherwise staff who may edit users could make themselves superusers."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, *self.PERMISSION_FIELDS]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        out_of_reach = obj is not None and (obj.is_superuser or obj.is_staff) and obj != request.user
        return super().has_change_permission(request, obj) and (request.user.is_superuser or not out_of_reach)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, user: User, form: "forms.ModelForm[User]", change: bool) -> None:
        """Let the accounts of a person know what changes who can sign in as that person."""
        before = User.objects.filter(pk=user.pk).first()
        super().save_model(request, user, form, change)
        if before and before.email != user.email:
            message = f"The e-mail address of {before.email} was changed to {user.email}."
            record_action(user, staff_of(request), StaffAction.Kind.ADDRESS, message)
        if before and before.is_active != user.is_active:
            message = f"{user.email} was switched {'on' if user.is_active else 'off'}."
            record_action(user, staff_of(request), StaffAction.Kind.SWITCH, message)

    @admin.action(description="E-mail a one-time link to set a password", permissions=["change"])
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if not self.has_change_permission(request, user):
                self.message_user(request, f"You may not change {user.email}.", messages.ERROR)
                continue
            try:
                send_password_link(user, staff_of(request), site=f"{request.scheme}://{request.get_host()}")
            except (PlatformError, OSError) as error:
                self.message_user(request, f"No link was sent to {user.email}: {error}", messages.ERROR)
            else:
                self.log_change(request, user, "Sent a link to set a password.")
                self.message_user(request, f"A link to set a password was sent to {user.email}.", messages.SUCCESS)

    @admin.display(description="member of")
    def accounts(self, user: User) -> str:
        memberships = user.memberships.select_related("group_key").order_by("group_key__name")
        roles = ((link(membership.group_key), membership.role) for membership in memberships)
        return format_html_join(", ", "{} ({})", roles) or "-"


@admin.register(Group)
class GroupAdmin(BoundedAdmin[Group], auth_admin.GroupAdmin):
    """Groups give permissions too, so they are for superusers only."""

    has_customers_data = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    has_change_permission = has_delete_permission = has_view_permission


class ApiKeyFilters(django_filters.FilterSet):
    STATES = [("usable", "Usable"), ("expired", "Expired"), ("revoked", "Revoked")]

    account = AccountFilter()
    state = django_filters.ChoiceFilter(label="State", choices=STATES, empty_label=ANY, method="in_state")

    def in_state(self, queryset: ApiKeyQuerySet, name: str, state: str) -> ApiKeyQuerySet:
        if state == "usable":
            return queryset.usable()
        if state == "revoked":
            return queryset.filter(revoked__isnull=False)
        return queryset.filter(expires__lte=timezone.now(), revoked__isnull=True)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin[ApiKey]):
    """API keys, listed by their first letters. Staff can revoke them here but not create them."""

    filterset_class = ApiKeyFilters
    list_filter = [FilterForm]
    list_display = [
        "prefix",
        "name",
        linked("group_key", "account"),
        linked("created_user", "user"),
        "created",
        "expires",
        "revoked",
    ]
    list_select_related = ["group_key", "created_user"]
    ordering = ["-api_key_id"]
    search_fields = ["key_prefix", "name", "created_user__email"]
    search_help_text = "A part of the key's first letters, its name or its user's e-mail address."
    fields = [
        "prefix",
        "name",
        "account",
        "user",
        "created",
        "expires",
        "role",
        "is_of_staff",
        "is_read_only",
        "made_with",
        "revoked",
        "revoked_user",
        "api_key_id",
    ]
    account = staticmethod(linked("group_key", "account"))
    user = staticmethod(linked("created_user", "user"))
    actions = ["revoke"]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_apikey")

    @admin.display(description="key")
    def prefix(self, api_key: ApiKey) -> str:
        return f"{api_key.key_prefix}…"

    @admin.action(description="Revoke selected keys at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: ApiKeyQuerySet) -> None:
        revoked = 0
        for api_key in queryset.filter(revoked__isnull=True):
            api_key.revoke(staff_of(request))
            self.log_change(request, api_key, "Revoked.")
            revoked += 1
        self.message_user(
            request,
            f"Keys revoked: {revoked}. Programs that use them are refused from now on.",
            messages.SUCCESS if revoked else messages.WARNING,
        )


class AuditEntryFilters(django_filters.FilterSet):
    account = AccountFilter()
    door = django_filters.ChoiceFilter(
        label="Came through", choices=[choice for choice in AuditEntry.Interface.choices if choice[0]], empty_label=ANY
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Who changed what, across all accounts."""

    filterset_class = AuditEntryFilters
    list_filter = [FilterForm]
    list_display = ["at", "who", "door", "action", "subject", "subject_name", "what"]
    ordering = ["-audit_entry_id"]
    search_fields = ["user_email", "subject_id", "subject_name", "request_id", "address"]
    search_help_text = "A part of the person's e-mail address, the thing's name or id, the request's id or the address."
    scanned_by = ("q", "door")
    narrowed_by = ("account",)
    newest_by = "pk"
    fields = [
        "at", "who", "key_prefix", "door", "address", "request_id", "group_key", "action", "subject", "subject_name",
        "subject_id", "what",
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/<str:format>/", export, name="accounts_auditentry_export"), *super().get_urls()]

    def export(self, request: HttpRequest, format: str) -> HttpResponseBase:
        """The entries that the list's filters select, as a file; the trail says who took it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entries = self.get_changelist_instance(request).get_queryset(request)
        try:
            response = export_response(entries, format)
        except PlatformError as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return redirect("admin:accounts_auditentry_changelist")
        accounts = entries.exclude(group_key=None).order_by().values_list("group_key", flat=True).distinct()
        named = set(accounts[: MOST_ACCOUNTS_NAMED + 1])
        record_export(
            request,
            named if len(named) <= MOST_ACCOUNTS_NAMED else (),
            str(self.opts.verbose_name_plural),
            entries.count(),
        )
        return response

    @admin.display(description="who")
    def who(self, entry: AuditEntry) -> str:
        return entry.who

    @admin.display(description="before and after")
    def what(self, entry: AuditEntry) -> str:
        return format_html_join("", "<div>{}: {} → {}</div>", entry.differences)
