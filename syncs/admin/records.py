"""The admin's pages for looking up accounting records: one list for each kind."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import admin
from django.db import models
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.text import camel_case_to_spaces

from adsplatform.admin_lists.bounded import FilterForm, ReadOnlyAdmin, linked
from adsplatform.admin_lists.filters import AccountFilter, as_uuid
from adsplatform.records.fields import AmountField, Reference
from adsplatform.records.keys import clean_key
from adsplatform.records.models import Record
from adsplatform.records.models.base import SourceStamps
from enrollments.admin.filters import EnrollmentFilter
from enrollments.models import AppEnrollment

# The columns of a list besides the ERP key, the references, the enrollment and the account. Kinds that are not named
# here have their first fields as columns.
COLUMNS = {
    "Company": ["company_name", "company_type", "is_active", "city", "country"],
    "Contact": ["contact_name", "role_code", "email_address", "is_active"],
    "Invoice": [
        "invoice_type_code",
        "invoice_status_code",
        "invoice_date",
        "payment_due_date",
        "total_amount",
        "outstanding_balance_amount",
        "currency_code",
    ],
    "InvoiceLine": ["line_number", "description", "quantity", "unit_price", "total_amount"],
    "JournalEntryLine": ["account_number", "account_name", "debit", "credit", "currency_code"],
    "Payment": ["payment_type", "payment_date", "payment_amount", "unapplied_amount", "currency_code"],
}
COLUMNS_UNLESS_NAMED = 6


def amount(name: str, title: str) -> Callable[[Record], str]:
    """A column of an amount, without the zeros at the end of its eight decimal places."""

    @admin.display(description=title)
    def column(record: Record) -> str:
        value = getattr(record, name)
        if value is None:
            return "-"
        whole, _, places = f"{value:,.8f}".partition(".")
        return f"{whole}.{places.rstrip('0').ljust(2, '0')}"

    column.__name__ = name
    return column


def own_fields(model: type[Record]) -> list[models.Field]:
    """The fields that not every kind of record has, in the model's order."""
    shared = {field.name for base in (Record, SourceStamps) for field in base._meta.local_fields}
    return [field for field in model._meta.local_fields if field.name not in shared]


def columns_of(model: type[Record]) -> list[str | Callable[[Any], str | bool]]:
    fields = {field.name: field for field in own_fields(model)}
    key = fields.pop("erp_key", None)
    references = [name for name, field in fields.items() if isinstance(field, Reference)]
    others = [name for name in fields if name not in references]
    named = COLUMNS.get(model.__name__, others[:COLUMNS_UNLESS_NAMED])
    return [
        "erp_key" if key else "id",
        *(
            amount(name, str(fields[name].verbose_name)) if isinstance(fields[name], AmountField) else name
            for name in named
        ),
        *(linked(name, str(fields[name].verbose_name)) for name in references),
        linked("app_enrollment", "enrollment"),
        account,
        "modified",
    ]


@admin.display(description="account")
def account(record: Record) -> str:
    return linked("group_key", "account")(record.app_enrollment)


class RecordFilters(django_filters.FilterSet):
    """Filters by account or enrollment; both become enrollments, with which every index of records begins."""

    enrollment = EnrollmentFilter()
    account = AccountFilter("app_enrollment__group_key", method="of_accounts")

    def of_accounts(self, queryset: QuerySet[Record], name: str, accounts: Iterable[UUID]) -> QuerySet[Record]:
        enrollments = AppEnrollment.objects.filter(group_key__in=accounts).values_list("pk", flat=True)
        return queryset.filter(app_enrollment__in=list(enrollments))


class RecordAdmin(ReadOnlyAdmin[Record]):
    """One kind of record, of all accounts."""

    filterset_class = RecordFilters
    list_filter = [FilterForm]
    has_erp_key = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        # Prefetched, not joined: the target of a reference may have been deleted, and an inner join would leave the
        # record out.
        references = [field.name for field in own_fields(self.model) if isinstance(field, Reference)]
        enrollments = AppEnrollment.objects.select_related("app", "group_key")
        return super().get_queryset(request).prefetch_related(Prefetch("app_enrollment", enrollments), *references)

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """Newest first; within an enrollment or account by key, which is how those are indexed."""
        if request.GET.get("enrollment") or request.GET.get("account"):
            return ["app_enrollment_id", *self.model.KEY]
        return ["-id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Record], term: str
    ) -> tuple[QuerySet[Record], bool]:
        term = term.strip()
        if not term:
            return queryset, False
        if record_id := as_uuid(term):
            found = queryset.filter(pk=record_id)
            if found.exists() or not self.has_erp_key:
                return found, False
        if not self.has_erp_key:
            return queryset.none(), False
        # Every index of keys begins with the enrollment, so naming all enrollments lets the database use it.
        enrollments = AppEnrollment.objects.values("pk")
        return queryset.filter(Q(("erp_key", clean_key(term))), app_enrollment__in=enrollments), False


def admin_of(kind: type[Record]) -> type[RecordAdmin]:
    """A RecordAdmin with the columns of one kind."""
    own = [field.name for field in own_fields(kind)]

    class KindAdmin(RecordAdmin):
        has_erp_key = "erp_key" in own
        list_display = columns_of(kind)
        search_fields = ["erp_key" if has_erp_key else "id"]
        search_help_text = f"The exact {'ERP key or ' if has_erp_key else ''}id of a record."
        fields = [
            *own,
            *(["source_created_date", "source_modified_date"] if issubclass(kind, SourceStamps) else []),
            "id",
            "app_enrollment",
            "created",
            "modified",
            "created_sync_id",
            "modified_sync_id",
        ]

    return KindAdmin


for kind in Record.__subclasses__():
    # The names in the batch API, such as "Companies", where adding an s is not enough.
    kind._meta.verbose_name_plural = camel_case_to_spaces(kind.BATCH_KEY)
    admin.site.register(kind, admin_of(kind))
