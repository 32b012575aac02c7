"""The members of a record on the wire, derived from the fields of its model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.apps import apps
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Cast, Coalesce, Concat

from adsplatform.naming import camel_case
from adsplatform.records import models as records
from adsplatform.records.models.invoices import ADDRESS_PARTS
from adsplatform.rest.renderers import stamp
from adsplatform.searchlight.fields import MODEL_TYPES

# The id of no person.
NOBODY = UUID(int=0)
# Computed members that every record has.
NEVER_NULL = ("primaryContactSet", "excludeFromAging", "customFieldDefinitionId", "dataType")
# What has no field of its own: the name, the type for queries, and the expression that computes it.
COMPUTED: Mapping[str, Mapping[str, tuple[str, Callable[[], Combinable]]]] = {
    "Company": {
        "primaryContactSet": ("boolean", lambda: _truth(Q(primary_contact__isnull=False))),
    },
    "Invoice": {
        "workflowStatusId": ("uuid", lambda: _workflow_status_id("workflow_status_code")),
        "primaryOriginAddressId": ("uuid", lambda: _address_id("origin", "8")),
        "primaryBillToAddressId": ("uuid", lambda: _address_id("bill_to", "9")),
        "primaryShipToAddressId": ("uuid", lambda: _address_id("ship_to", "a")),
        "customerName": ("text", lambda: _of_other(records.Company, "customer", "company_name")),
        # No sync loads it, and the published model never lacks it. PostgreSQL sorts by no bare constant.
        "excludeFromAging": ("boolean", lambda: Cast(Value(False), models.BooleanField())),
    },
    "Payment": {
        "companyName": ("text", lambda: _of_other(records.Company, "company", "company_name")),
    },
    "FinancialAccountBalanceHistory": {
        "balanceTypeName": (
            "text",
            lambda: models.Case(
                models.When(balance_type=0, then=Value("Debit")), models.When(balance_type=1, then=Value("Credit"))
            ),
        ),
    },
    "InvoiceWorkflowStatus": {
        "workflowStatusId": ("uuid", lambda: _workflow_status_id("code")),
        # A status has no other name than its code. Cast, because Django selects equal expressions once.
        "workflowStatusName": ("text", lambda: Cast("code", models.TextField())),
    },
    "JournalEntry": {
        "postingDate": ("datetime", lambda: F("source_posting_date")),
    },
    "JournalEntryLine": {
        "sourcePostingDate": (
            "datetime",
            lambda: _of_other(records.JournalEntry, "journal_entry", "source_posting_date"),
        ),
    },
    "CustomFieldDefinition": {
        "appId": ("uuid", lambda: _app_id()),
    },
    "CustomField": {
        "customFieldDefinitionId": ("uuid", lambda: definition_id()),
        "dataType": (
            "text",
            lambda: models.Case(
                models.When(numeric_value__isnull=False, then=Value("Numeric")), default=Value("String")
            ),
        ),
    },
}


@dataclass(frozen=True)
class Member:
    """One member of a record: its name on the wire, its type for queries, and the field or alias that it comes from."""

    name: str
    path: str
    type: str
    expression: Combinable | None = None
    # Whether every record has it, and whether it is a text that holds JSON.
    is_always_present: bool = False
    is_json_text: bool = False

    @property
    def selected(self) -> Combinable:
        """What is selected for it: amounts without the zeros at the end of their eight decimal places."""
        if self.type == "decimal":
            return Func(F(self.path), function="TRIM_SCALE", output_field=models.DecimalField())
        return self.expression or F(self.path)

    @property
    def write(self) -> Callable[[Any], object] | None:
        """How a value is written, if it does not go out as it is."""
        if self.is_json_text:
            return _list_in
        return stamp if self.type == "datetime" else None


def members_of(model: type[models.Model]) -> tuple[Member, ...]:
    """All members of a kind of record, its id first."""
    names, hidden = getattr(model, "READ_NAMES", {}), {*getattr(model, "READ_HIDDEN", ()), "row_hash"}
    stored = [
        Member(
            names.get(field.name) or _name(model, field),
            field.attname,
            type_of(field),
            is_always_present=not field.null and not isinstance(field, models.CharField | models.TextField),
            is_json_text=field.name in getattr(model, "JSON_TEXTS", ()),
        )
        for field in model._meta.concrete_fields
        if field.name not in hidden
    ]
    computed = [
        Member(name, f"computed_{name}", type, expression(), is_always_present=name in NEVER_NULL)
        for name, (type, expression) in COMPUTED.get(model.__name__, {}).items()
    ]
    return (*stored, *computed, *_users(model))


def _users(model: type[models.Model]) -> Iterator[Member]:
    """Who requested the syncs that created and last changed a record; the all-zero GUID if nobody did."""
    for name, sync in (("createdUserId", "created_sync_id"), ("modifiedUserId", "modified_sync_id")):
        guid = models.UUIDField()
        expression: Combinable = Value(NOBODY, output_field=guid)
        if any(field.name == sync for field in model._meta.concrete_fields):
            # By its name, because syncs stand above records.
            syncs = apps.get_model("syncs", "SyncRequest")._default_manager.filter(pk=OuterRef(sync))
            user = Subquery(syncs.values("modified_user_id")[:1], output_field=guid)
            expression = Coalesce(user, expression, output_field=guid)
        yield Member(name, f"computed_{name}", "uuid", expression, is_always_present=True)


def id_name(model: type[models.Model]) -> str:
    """What the wire calls the platform id of a kind of record: `invoiceLineId`."""
    name = model.__name__
    named: dict[str, str] = getattr(model, "READ_NAMES", {})
    return named.get("id") or f"{name[0].lower()}{name[1:]}Id"


def type_of(field: "models.Field[Any, Any]") -> str:
    """The field's type for queries; `json` for one that cannot be queried."""
    column: models.Field[Any, Any] = field
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    if isinstance(column, models.JSONField):
        return "json"
    return next(type for classes, type in MODEL_TYPES if isinstance(column, classes))


def definition_id() -> Combinable:
    """The id of the definition of a custom field: a hash of its enrollment, kind of record and label."""
    return Cast(
        MD5(
            Concat(
                Cast("app_enrollment_id", models.TextField()),
                Value("/"),
                "table_key",
                Value("/"),
                "custom_field_label",
                output_field=models.TextField(),
            )
        ),
        models.UUIDField(),
    )


def _list_in(text: str) -> object:
    """The list that a text of JSON holds; the text itself if it holds none."""
    try:
        found = msgspec.json.decode(text, type=list[object])
    except msgspec.DecodeError:
        return text
    return found


def _app_id() -> Combinable:
    """The application of a record's enrollment."""
    # By its name, because enrollments stand above records.
    enrollments = apps.get_model("enrollments", "AppEnrollment")._default_manager
    return Subquery(enrollments.filter(pk=OuterRef("app_enrollment_id")).values("app_id")[:1])


def _workflow_status_id(code: str) -> Combinable:
    """The id of the workflow status that a record names, as the view of statuses has it."""
    hashed = Func(
        Cast("group_key", models.TextField()),
        Value("/"),
        F(code),
        template="md5(%(expressions)s)::uuid",
        arg_joiner=" || ",
        output_field=models.UUIDField(),
    )
    return Coalesce(F("workflow_status_id"), hashed)


def _name(model: type[models.Model], field: "models.Field[Any, Any]") -> str:
    return id_name(model) if field.primary_key else camel_case(field.attname)


def _of_other(model: type[records.Record], reference: str, column: str) -> Combinable:
    """A column of the record that a reference names. No join: a record whose reference names none is still found."""
    others = model.objects.filter(pk=OuterRef(f"{reference}_id"), group_key=OuterRef("group_key"))
    return Subquery(others.values(column)[:1])


def _address_id(kind: str, digit: str) -> Combinable:
    """The id of an address of an invoice, if it has any part of it (`InvoiceAddress`)."""
    has_any = Q()
    for part in ADDRESS_PARTS:
        has_any |= Q(**{f"{kind}_address_{part}__isnull": False})
    template = f"overlay(%(expressions)s::text PLACING '{digit}' FROM 15)::uuid"
    address_id = Func("id", template=template, output_field=models.UUIDField())
    return models.Case(models.When(has_any, then=address_id))


def _truth(condition: Q) -> Combinable:
    return models.ExpressionWrapper(condition, output_field=models.BooleanField())
