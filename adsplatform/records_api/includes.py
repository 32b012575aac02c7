"""What an answer includes besides the records asked for: one statement for each include, whatever the page's size."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Protocol

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from adsplatform.openapi.field_types import OF_FIELDS
from adsplatform.records_api.documents import UNFILLED_NUMBER, component_of, schema_of
from adsplatform.records_api.kinds import Object, RecordKind, by_id, kinds
from adsplatform.rest.operations import OBJECT, Component, Schema

# The most included records of one record, and of a whole page.
MOST_OF_A_RECORD, MOST_OF_A_PAGE = 1_000, 20_000


class Include(Protocol):
    """Something that can be included with records of a kind."""

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        """Add it to the objects; whether something was left out because there is too much of it."""

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        """The members that it adds to an object, with their schemas."""


@dataclass(frozen=True)
class Children:
    """The records that refer to each of the objects, as a list."""

    member: str
    of: str
    by: str
    order: str = "id"

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        children = kinds()[self.of]
        rows = children.selected(account).filter(**{f"{self.by}__in": [found[kind.id_name] for found in objects]})
        found, is_cut = _read_bounded(children, rows, self.by, self.order, name)
        reference = next(member.name for member in children.members if member.path == self.by)
        grouped: dict[object, list[Object]] = defaultdict(list)
        for child in found:
            grouped[child[reference]].append(child)
        for one in objects:
            one[self.member] = grouped[one[kind.id_name]]
        return is_cut

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        return {self.member: {"type": "array", "items": component_of(kinds()[self.of])}}


@dataclass(frozen=True)
class Parent:
    """The record that each of the objects refers to."""

    member: str
    of: str
    by: str

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        parents = kinds()[self.of]
        wanted = {one[self.by] for one in objects if self.by in one}
        rows = parents.selected(account).filter(pk__in=wanted)
        found = by_id(parents.read(rows), parents.id_name) if wanted else {}
        for one in objects:
            if (parent := found.get(one.get(self.by))) is not None:
                # Each has its own, because an include may add to it.
                one[self.member] = dict(parent)
        return False

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        return {self.member: component_of(kinds()[self.of])}


@dataclass(frozen=True)
class Customer:
    """The customer of an invoice, and that company's primary contact."""

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        Parent("customer", "Company", "customerId").add(objects, kind, account, name)
        customers = [customer for one in objects if isinstance(customer := one.get("customer"), dict)]
        Parent("_contact", "Contact", "primaryContactId").add(customers, kinds()["Company"], account, name)
        for one in objects:
            customer = one.get("customer")
            if isinstance(customer, dict) and (contact := customer.pop("_contact", None)):
                one["customerPrimaryContact"] = contact
        return False

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        return {
            "customer": component_of(kinds()["Company"]),
            "customerPrimaryContact": component_of(kinds()["Contact"]),
        }


@dataclass(frozen=True)
class CustomFields:
    """The values of custom fields of each object, and the definitions of those."""

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        is_cut = Children("customFieldValues", "CustomField", "record_key").add(objects, kind, account, name)
        definitions = kinds()["CustomFieldDefinition"]
        labels = {value["customFieldLabel"] for one in objects for value in _objects(one["customFieldValues"])}
        rows = definitions.selected(account).filter(table_key=kind.name, custom_field_label__in=labels)
        found = by_id(definitions.read(rows), definitions.id_name) if labels else {}
        for one in objects:
            of_this = {value["customFieldDefinitionId"] for value in _objects(one["customFieldValues"])}
            one["customFieldDefinitions"] = [found[id] for id in sorted(of_this, key=str) if id in found]
        return is_cut

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        return {
            "customFieldDefinitions": {"type": "array", "items": component_of(kinds()["CustomFieldDefinition"])},
            "customFieldValues": {"type": "array", "items": component_of(kinds()["CustomField"])},
        }


@dataclass(frozen=True)
class Fixed:
    """What no sync loads: a member with the same value in every object; a null is left out, as everywhere."""

    member: str
    value: list[Object] | bool | None
    # The kind of record that a list would have.
    of: str = ""

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        if self.value is not None:
            for one in objects:
                one[self.member] = self.value
        return False

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        items: Schema | Component = component_of(kinds()[self.of]) if self.of else OBJECT
        schemas: dict[type, Mapping[str, Any]] = {
            list: {"type": "array", "items": items},
            bool: {"type": "boolean"},
        }
        return {self.member: schemas.get(type(self.value), OBJECT)}


@dataclass(frozen=True)
class Applied:
    """What settles each invoice: applications, each with members of the payment or credit memo that it is part of."""

    member: str
    of: str
    source: Parent
    # The name of its schema.
    model_name: str
    # The member that is the amount applied.
    amount: str
    # The members of the application and those of its source, by their names in the answer.
    own: Mapping[str, str]
    of_source: Mapping[str, str]

    def add(self, objects: Sequence[Object], kind: RecordKind, account: Account, name: str) -> bool:
        is_cut = Children("_applied", self.of, "invoice_id").add(objects, kind, account, name)
        applied = [application for one in objects for application in _objects(one["_applied"])]
        self.source.add(applied, kinds()[self.of], account, name)
        for one in objects:
            one[self.member] = [self._joined(application, account) for application in _objects(one.pop("_applied"))]
        return is_cut

    def members(self, kind: RecordKind) -> Mapping[str, Any]:
        return {self.member: {"type": "array", "items": Component(self.model_name, self._schema)}}

    def _schema(self) -> Schema:
        own, source = ({member.name: member for member in kinds()[of].members} for of in (self.of, self.source.of))
        properties = {name: schema_of(own[member]) for name, member in self.own.items()}
        properties |= {name: schema_of(source[member]) for name, member in self.of_source.items()}
        properties["applyToInvoiceDate"] = OF_FIELDS["date"]
        properties |= {"baseCurrencyCode": OF_FIELDS["text"], self.in_base_currency: OF_FIELDS["decimal"]}
        properties |= dict.fromkeys(("erpUpdateStatus", "erpUpdateAction"), UNFILLED_NUMBER)
        return {"type": "object", "properties": properties}

    @property
    def in_base_currency(self) -> str:
        """The member that is the amount in the account's currency."""
        return f"baseCurrency{self.amount[0].upper()}{self.amount[1:]}"

    def _joined(self, application: Object, account: Account) -> Object:
        source = application.get("_source")
        joined = {name: application.get(member) for name, member in self.own.items()}
        # The moment of the application is a date here.
        joined["applyToInvoiceDate"] = str(application["applyToInvoiceDate"])[:10]
        joined["baseCurrencyCode"] = account.base_currency_code or None
        if isinstance(source, dict):
            joined |= {name: source.get(member) for name, member in self.of_source.items()}
            joined[self.in_base_currency] = _product(application.get(self.amount), source.get("currencyRate"))
        return {name: value for name, value in joined.items() if value is not None}


def _product(amount: object, rate: object) -> Decimal | None:
    """An amount in another currency, exactly; None if either is unknown."""
    if not isinstance(amount, Decimal) or not isinstance(rate, Decimal):
        return None
    # More digits than two columns have together.
    return Context(prec=80).multiply(amount, rate).normalize(Context(prec=80))


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


PAYMENTS = Applied(
    "payments",
    "PaymentApplied",
    Parent("_source", "Payment", "paymentId"),
    "InvoicePaymentDetailModel",
    "paymentAppliedAmount",
    own=_same("groupKey", "paymentAppliedId", "invoiceId", "paymentId", "paymentAppliedAmount"),
    of_source=_same(
        "currencyCode",
        "referenceCode",
        "companyId",
        "paymentAmount",
        "unappliedAmount",
        "baseCurrencyPaymentAmount",
        "baseCurrencyUnappliedAmount",
    ),
)
CREDIT_MEMOS = Applied(
    "creditMemos",
    "CreditMemoApplied",
    Parent("_source", "Invoice", "creditMemoInvoiceId"),
    "CreditMemoInvoiceModel",
    "creditMemoAppliedAmount",
    own=_same("groupKey", "creditMemoAppliedId", "invoiceId", "creditMemoInvoiceId", "creditMemoAppliedAmount"),
    of_source=_same(
        "currencyCode",
        "referenceCode",
        "companyId",
        "customerId",
        "invoiceStatusCode",
        "totalAmount",
        "outstandingBalanceAmount",
        "baseCurrencyTotalAmount",
        "baseCurrencyOutstandingBalanceAmount",
    ),
)
NOTES, ATTACHMENTS, PDF = Fixed("notes", []), Fixed("attachments", []), Fixed("hasPdf", False)

INCLUDES: Mapping[str, Mapping[str, Include]] = {
    "Company": {
        "Contacts": Children("contacts", "Contact", "company_id"),
        "Invoices": Children("invoices", "Invoice", "company_id"),
        "CustomFields": CustomFields(),
        "Classification": Fixed("companyClassificationCodeDefinition", None),
        "Notes": NOTES,
        "Attachments": ATTACHMENTS,
    },
    "Contact": {"CustomFields": CustomFields(), "Notes": NOTES, "Attachments": ATTACHMENTS},
    "Invoice": {
        "Addresses": Children("addresses", "InvoiceAddress", "invoice_id"),
        "Lines": Children("lines", "InvoiceLine", "invoice_id"),
        "Payments": PAYMENTS,
        "CreditMemos": CREDIT_MEMOS,
        "WorkflowStatuses": Children("workflowStatuses", "InvoiceWorkflowStatus", "invoice_id", "source_created_date"),
        "Company": Parent("company", "Company", "companyId"),
        "Customer": Customer(),
        "CustomFields": CustomFields(),
        "Notes": NOTES,
        "Attachments": ATTACHMENTS,
        "PDFSupport": PDF,
    },
    "InvoiceLine": {"Notes": NOTES, "Attachments": ATTACHMENTS},
    "Payment": {
        "Applications": Children("applications", "PaymentApplied", "payment_id"),
        "CustomFields": CustomFields(),
        "Notes": NOTES,
        "Attachments": ATTACHMENTS,
        "PDFSupport": PDF,
    },
    "PaymentApplied": {
        "Invoice": Parent("invoice", "Invoice", "invoiceId"),
        "Payment": Parent("payment", "Payment", "paymentId"),
        "Refund": Parent("refund", "Payment", "refundId"),
    },
    "CreditMemoApplied": {
        "Invoice": Parent("invoice", "Invoice", "invoiceId"),
        "CreditMemoInvoice": Parent("creditMemoInvoice", "Invoice", "creditMemoInvoiceId"),
        "CustomFields": CustomFields(),
        "Notes": NOTES,
        "Attachments": ATTACHMENTS,
    },
    "CustomField": {
        "CustomFieldDefinition": Parent("customFieldDefinition", "CustomFieldDefinition", "customFieldDefinitionId"),
    },
    # No source says which status may follow which.
    "WorkflowStatus": {
        "Children": Fixed("children", [], of="WorkflowStatus"),
        "Parents": Fixed("parents", [], of="WorkflowStatus"),
    },
    "JournalEntry": {"Lines": Children("lines", "JournalEntryLine", "journal_entry_id"), "Attachments": ATTACHMENTS},
    "JournalEntryLine": {"JournalEntry": Parent("journalEntry", "JournalEntry", "journalEntryId")},
}


def include(objects: Sequence[Object], kind: RecordKind, names: Iterable[str], account: Account) -> list[str]:
    """Add what was asked for to the objects; returns the names of those includes that are not complete."""
    offered = INCLUDES.get(kind.name, {})
    if not objects:
        return []
    return [name for name in sorted(names) if offered[name].add(objects, kind, account, name)]


def _read_bounded(kind: RecordKind, rows: QuerySet[Any], by: str, order: str, name: str) -> tuple[list[Object], bool]:
    """The first records of each parent; raises PlatformError if they are more than a page of parents may bring."""
    position = Window(RowNumber(), partition_by=[F(by)], order_by=[F(order), F("id")])
    numbered = rows.alias(position=position).filter(position__lte=MOST_OF_A_RECORD + 1)
    found = kind.read(numbered.order_by(by, order, "id")[: MOST_OF_A_PAGE + 1])
    if len(found) > MOST_OF_A_PAGE:
        raise PlatformError(
            f"The records of this page have more than {MOST_OF_A_PAGE:,} {name} in all. Ask for smaller pages, or "
            f"query /api/v1/{kind.path}/query by itself.",
            field="include",
        )
    reference = next(member.name for member in kind.members if member.path == by)
    counts: dict[object, int] = defaultdict(int)
    kept = []
    for child in found:
        counts[child[reference]] += 1
        if counts[child[reference]] <= MOST_OF_A_RECORD:
            kept.append(child)
    return kept, len(kept) < len(found)


def _objects(value: object) -> list[Object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
