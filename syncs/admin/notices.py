"""The admin's pages for notices, across all accounts."""

import django_filters
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from adsplatform.admin_lists.bounded import FilterForm, ReadOnlyAdmin, linked
from adsplatform.admin_lists.filters import ANY, AccountFilter, YesNoFilter
from enrollments.admin.filters import EnrollmentFilter
from syncs.models.notices import Notice, NoticeMail


class NoticeFilters(django_filters.FilterSet):
    account = AccountFilter()
    enrollment = EnrollmentFilter()
    kind = django_filters.ChoiceFilter(label="Problem", choices=Notice.Kind.choices, empty_label=ANY)
    is_open = YesNoFilter(label="Open", method="by_state")

    def by_state(self, queryset: QuerySet[Notice], name: str, wanted: bool) -> QuerySet[Notice]:
        return queryset.filter(closed__isnull=wanted)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin[Notice]):
    """Notices, which the freshness check opens and closes by itself, so nothing can be edited here."""

    filterset_class = NoticeFilters
    list_filter = [FilterForm]
    list_display = [
        "state",
        "kind",
        linked("group_key", "account"),
        linked("app_enrollment", "enrollment"),
        "opened",
        "closed",
        "message",
    ]
    list_select_related = ["group_key", "app_enrollment__app"]
    ordering = ["-notice_id"]
    search_fields = ["message"]
    search_help_text = "A part of the message, among the newest 50,000 notices or in all of one account or enrollment."
    scanned_by = ("q",)
    narrowed_by = ("account", "enrollment")
    newest_by = "pk"
    account = staticmethod(linked("group_key", "account"))
    enrollment = staticmethod(linked("app_enrollment", "enrollment"))
    failed_sync = staticmethod(linked("sync_request", "failed sync"))
    cured_by_sync = staticmethod(linked("closed_sync", "cured by sync"))
    fields = [
        "state",
        "kind",
        "message",
        "account",
        "enrollment",
        "failed_sync",
        "opened",
        "closed",
        "cure",
        "cured_by_sync",
        "closed_user",
        "mails",
        "notice_id",
    ]

    @admin.display(description="state")
    def state(self, notice: Notice) -> str:
        kind, word = ("good", "Cured") if notice.closed else ("bad", "Open")
        return format_html('<span class="badge badge-{}">{}</span>', kind, word)

    @admin.display(description="e-mails")
    def mails(self, notice: Notice) -> str:
        mails = notice.mails.select_related("user").order_by("pk")
        lines = ((mail.about, mail.user.email, _delivery(mail)) for mail in mails)
        return format_html_join(mark_safe("<br>"), "{} to {}: {}", lines) or "-"


def _delivery(mail: NoticeMail) -> str:
    if mail.sent:
        return f"sent {mail.sent:%Y-%m-%d %H:%M}"
    if mail.due:
        return f"to be sent, {mail.error}" if mail.error else "to be sent"
    return f"given up, {mail.error}"
