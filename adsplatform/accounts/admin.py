"""The admin's pages for people, the keys programs use, and the audit trail."""

import django_filters
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html_join

from adsplatform.accounts.models import ApiKey, AuditEntry, User
from adsplatform.accounts.sign_in import AdminSignInForm
from adsplatform.admin_lists.bounded import BoundedAdmin, FilterForm, ReadOnlyAdmin, link, linked
from adsplatform.admin_lists.filters import ANY, AccountFilter, YesNoFilter

admin.site.login_form = AdminSignInForm
admin.site.unregister(Group)


class OneEmailPerUser(forms.ModelForm):
    """Tells of an e-mail address that is taken in words; capitals make no difference."""

    def clean_email(self):
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.called(email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"There is a user with the e-mail address “{email}” already.")
        return email


class UserAddForm(OneEmailPerUser, auth_forms.BaseUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class UserChangeForm(OneEmailPerUser, auth_forms.UserChangeForm):
    class Meta:
        model = User
        fields = ["email", "name", "password", "is_active", "is_staff", "is_superuser"]
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
class UserAdmin(BoundedAdmin, auth_admin.UserAdmin):
    """People, who sign in with their e-mail address."""

    POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")

    form, add_form = UserChangeForm, UserAddForm
    filterset_class = UserFilters
    list_filter = [FilterForm]
    list_display = ["email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created"]
    ordering = ["email"]
    search_fields = ["email", "name"]
    search_help_text = "A part of the e-mail address or the name."
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Permissions", {"fields": ["is_active", *POWERS]}),
        ("More", {"fields": ["id", "last_login", "created", "accounts"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "password1", "password2"]})]
    readonly_fields = ["id", "last_login", "created", "accounts"]

    def get_readonly_fields(self, request, obj=None):
        """Only superusers give powers, or a helper who may edit users could make themselves one."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, *self.POWERS]

    def has_change_permission(self, request, obj=None):
        out_of_reach = obj is not None and (obj.is_superuser or obj.is_staff) and obj != request.user
        return super().has_change_permission(request, obj) and (request.user.is_superuser or not out_of_reach)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description="member of")
    def accounts(self, user):
        memberships = user.memberships.select_related("group_key").order_by("group_key__name")
        shown = ((link(membership.group_key), membership.role) for membership in memberships)
        return format_html_join(", ", "{} ({})", shown) or "-"


@admin.register(Group)
class GroupAdmin(BoundedAdmin, auth_admin.GroupAdmin):
    """Groups give powers too, so they are for superusers as well."""

    def has_module_permission(self, request):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class ApiKeyFilters(django_filters.FilterSet):
    STATES = [("usable", "Usable"), ("expired", "Expired"), ("revoked", "Revoked")]

    account = AccountFilter()
    state = django_filters.ChoiceFilter(label="State", choices=STATES, empty_label=ANY, method="in_state")

    def in_state(self, queryset, name, state):
        expired = Q(expires__lte=timezone.now(), revoked__isnull=True)
        narrowed = {
            "usable": queryset.usable,
            "expired": lambda: queryset.filter(expired),
            "revoked": lambda: queryset.filter(revoked__isnull=False),
        }
        return narrowed[state]()


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys, by their first letters. They are made where they can be shown once; here they are revoked."""

    filterset_class = ApiKeyFilters
    list_filter = [FilterForm]
    list_display = [
        "shown_prefix",
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
        "shown_prefix",
        "name",
        "account",
        "user",
        "created",
        "expires",
        "is_read_only",
        "revoked",
        "revoked_user",
        "api_key_id",
    ]
    account = staticmethod(linked("group_key", "account"))
    user = staticmethod(linked("created_user", "user"))
    actions = ["revoke"]

    def has_revoke_permission(self, request):
        return request.user.has_perm("accounts.change_apikey")

    @admin.display(description="key")
    def shown_prefix(self, api_key):
        return f"{api_key.key_prefix}…"

    @admin.action(description="Revoke selected keys at once", permissions=["revoke"])
    def revoke(self, request, queryset):
        revoked = 0
        for api_key in queryset.filter(revoked__isnull=True):
            api_key.revoke(request.user)
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
        label="Came through", choices=[choice for choice in AuditEntry.Door.choices if choice[0]], empty_label=ANY
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
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

    @admin.display(description="who")
    def who(self, entry):
        return entry.user_email or "-"

    @admin.display(description="before and after")
    def what(self, entry):
        return format_html_join("", "<div>{}: {} → {}</div>", entry.differences)
