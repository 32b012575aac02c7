"""Which kinds of record a table holds: by what its columns are for, in a fixed order, and by words in a type column.

Counting names that are known does not tell kinds apart, because an invoice has most of the columns of a payment.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from syncs.import_profiles.document_words import DocumentWord, document_word, side_of, speaks_of_payments
from syncs.import_profiles.header_names import fields_by_key, normal_form
from syncs.import_profiles.inspected import Verdict
from syncs.import_profiles.known_names import ambiguous_names, layout_roles, names_that_refer
from syncs.import_profiles.mapping import match_column
from syncs.import_profiles.own_lists import listed_kind
from syncs.import_profiles.tables import Column, Table

MOST_TYPES = 25
# The kinds that one file may hold beside each other, in the order in which they are proposed.
SPLIT_KINDS: tuple[str, ...] = ("Invoice", "Payment", "JournalEntry")


class Layout(StrEnum):
    """How records stand in the rows."""

    PLAIN = "plain"  # a record a row
    GROUPED = "grouped"  # an invoice in several rows, each of which is a line of it
    BY_TYPE = "by type"  # a column says what kind of document a row is
    IN_AND_OUT = "in and out"  # money that came in one column, money that went in another
    COMPANY_AND_CONTACT = "company and contact"  # a company and a person of it
    DATEV_ACCOUNTS = "DATEV accounts"  # customers and vendors by the number of their account
    JOURNAL = "journal"  # booking lines, with their entry repeated
    BOOKINGS = "bookings"  # an account and a counter account in one row


@dataclass(frozen=True, slots=True)
class KindFinding:
    """The kinds and their layout. `types` has the words of the type column, `side` is AR, AP or not known."""

    verdict: Verdict
    layout: Layout
    kinds: tuple[str, ...]
    reason: str = ""
    type_column: Column | None = None
    types: dict[str, DocumentWord | None] = field(default_factory=dict)
    side: str = ""


def find_kinds(table: Table) -> KindFinding:
    """The kinds of record that the table seems to hold."""
    if kind := listed_kind(column.name for column in table.columns):
        return KindFinding(Verdict.SURE, Layout.PLAIN, (kind,))
    has = _Purposes(table)
    side = find_side(table)
    type_column, types = find_types(table)
    kinds = {word.kind for word in types.values() if word}
    if type_column and len(kinds) > 1:
        named = tuple(kind for kind in SPLIT_KINDS if kind in kinds)
        reason = f"“{type_column.name}” has {len(types)} values that name different documents."
        return KindFinding(Verdict.LIKELY, Layout.BY_TYPE, named, reason, type_column, types, side)
    if table.datev and has.any("datevName"):
        return KindFinding(
            Verdict.LIKELY, Layout.DATEV_ACCOUNTS, ("Company",), "DATEV’s list of customers and vendors."
        )
    found = _by_signature(has)
    if type_column and len(kinds) == 1 and (found is None or found[0] is Layout.PLAIN):
        return KindFinding(Verdict.SURE, Layout.BY_TYPE, tuple(kinds), "", type_column, types, side)
    if found is None:
        return KindFinding(Verdict.OPEN, Layout.PLAIN, (), "What the file holds cannot be seen from its columns.")
    layout, named = found
    if named == ("PaymentApplied",) and not has.any("applied"):
        return _payments_or_applications(table, side)
    if named == ("Invoice",) and layout is Layout.PLAIN and not has.any("due", "open"):
        words = _name_words((table.stem, table.sheet, *table.titles))
        if speaks_of_payments(words):
            reason = "Its columns may be of invoices or of payments, and its name speaks of payments."
            return KindFinding(Verdict.LIKELY, layout, ("Payment",), reason, side=side)
    verdict = Verdict.LIKELY if layout is Layout.COMPANY_AND_CONTACT else Verdict.SURE
    return KindFinding(verdict, layout, named, side=side)


def _by_signature(has: "_Purposes") -> tuple[Layout, tuple[str, ...]] | None:  # noqa: C901 an ordered list of rules
    """The first of the signatures that fits."""
    is_document = has.any("document")
    may_be_document = is_document or has.any("number")
    money = has.any("amount")
    if has.any("counterAccount") and (has.any("sideFlag") or has.any("account")):
        return Layout.BOOKINGS, ("JournalEntry", "JournalEntryLine")
    if has.any("account") and has.all("debit", "credit") and (may_be_document or has.any("date", "journal")):
        return Layout.JOURNAL, ("JournalEntry", "JournalEntryLine")
    if is_document and has.any("quantity", "unitPrice"):
        return Layout.GROUPED, ("Invoice", "InvoiceLine")
    if is_document and has.any("applied"):
        return Layout.PLAIN, ("PaymentApplied",)
    if may_be_document and has.any("due", "open"):
        return Layout.PLAIN, ("Invoice",)
    if is_document and has.any("paymentNumber"):
        return Layout.PLAIN, ("PaymentApplied",)
    if has.any("accountType") or has.all("code", "name", "type"):
        return Layout.PLAIN, ("FinancialAccount",)
    if has.any("year", "period") and has.any("balance"):
        return Layout.PLAIN, ("FinancialAccountBalanceHistory",)
    if has.count("address", "city", "postalCode", "email", "phone", "taxId") >= 2 and not money:
        if has.any("firstName", "lastName", "title"):
            return Layout.COMPANY_AND_CONTACT, ("Company", "Contact")
        return Layout.PLAIN, ("Company",)
    if has.all("moneyIn", "moneyOut"):
        return Layout.IN_AND_OUT, ("Payment",)
    if is_document and money and not has.any("payment"):
        return Layout.PLAIN, ("Invoice",)
    if money or has.any("payment", "moneyIn", "moneyOut"):
        return Layout.PLAIN, ("Payment",)
    return None


def _payments_or_applications(table: Table, side: str) -> KindFinding:
    """A list with the numbers of payments and of invoices: which of the two it is about is asked.

    One payment may pay several invoices; where no payment comes twice, each line is more likely a payment.
    """
    number = next(column for column in table.columns if "paymentNumber" in _purposes_of(column, is_joined=False))
    cells = [cell for cell in table.values(number) if cell]
    repeats = len(set(cells)) < len(cells)
    shown = "comes several times, as where one payment pays several invoices" if repeats else "never comes twice"
    return KindFinding(
        Verdict.LIKELY,
        Layout.PLAIN,
        ("PaymentApplied" if repeats else "Payment",),
        f"Each line has the number of a payment and of an invoice; that in “{number.name}” {shown}.",
        side=side,
    )


# What a column is for: the fields whose names say so.
_PURPOSES = {
    "document": ("Invoice.erpKey", "InvoiceLine.invoiceErpKey"),
    "due": ("Invoice.paymentDueDate",),
    "open": ("Invoice.outstandingBalanceAmount",),
    "quantity": ("InvoiceLine.quantity",),
    "unitPrice": ("InvoiceLine.unitPrice",),
    "account": ("JournalEntryLine.accountNumber", "JournalEntryLine.accountName"),
    "debit": ("JournalEntryLine.debit",),
    "credit": ("JournalEntryLine.credit",),
    "journal": ("JournalEntry.erpKey",),
    "applied": ("PaymentApplied.paymentAppliedAmount",),
    "paymentNumber": ("PaymentApplied.paymentErpKey",),
    "accountType": ("FinancialAccount.classification",),
    "year": ("FinancialAccountBalanceHistory.financialYear",),
    "period": ("FinancialAccountBalanceHistory.periodNumber",),
    "balance": ("FinancialAccountBalanceHistory.balance",),
    "address": ("Company.address1",),
    "city": ("Company.city",),
    "postalCode": ("Company.postalCode",),
    "email": ("Company.emailAddress",),
    "phone": ("Company.phoneNumber",),
    "taxId": ("Company.taxId",),
    "title": ("Contact.title",),
    "amount": (
        "Invoice.totalAmount",
        "Invoice.netAmount",
        "Payment.paymentAmount",
        "Invoice.salesTaxAmount",
        "InvoiceLine.netAmount",
        "InvoiceLine.totalAmount",
    ),
    "payment": ("Payment.erpKey", "Payment.paymentAmount", "Payment.tenderType", "Payment.paymentDate"),
    "date": ("Invoice.invoiceDate", "JournalEntry.sourcePostingDate"),
}
_OF_AMBIGUOUS = {
    "no": "number",
    "id": "number",
    "amount": "amount",
    "total": "amount",
    "balance": "balance",
    "date": "date",
    "code": "code",
    "name": "name",
    "type": "type",
    "account": "account",
    "konto": "account",
    "invoice": "document",
    "reference": "number",
}


class _Purposes:
    """What the columns of a table are for."""

    def __init__(self, table: Table) -> None:
        self.purposes: set[str] = set()
        is_joined = len(table.header.rows) > 1
        for column in table.columns:
            self.purposes |= set(_purposes_of(column, is_joined=is_joined))

    def any(self, *purposes: str) -> bool:
        return any(purpose in self.purposes for purpose in purposes)

    def all(self, *purposes: str) -> bool:
        return all(purpose in self.purposes for purpose in purposes)

    def count(self, *purposes: str) -> int:
        return sum(purpose in self.purposes for purpose in purposes)


def _purposes_of(column: Column, *, is_joined: bool) -> Iterable[str]:
    key = column.key
    for purpose, paths in _PURPOSES.items():
        for path in paths:
            kind, _, wanted = path.partition(".")
            names = {fields_by_key(kind).get(key), names_that_refer(kind).get(key)}
            if is_joined and (match := match_column(column, kind, is_joined=True)):
                names.add(match.field)
            if wanted in names:
                yield purpose
    if key in ambiguous_names() and (purpose := _OF_AMBIGUOUS.get(ambiguous_names()[key][0], "")):
        yield purpose
    if role := layout_roles().get(key):
        yield role
    if "adressattyp" in key or "adressatentyp" in key:
        yield "datevName"


def find_types(table: Table) -> tuple[Column | None, dict[str, DocumentWord | None]]:
    """The column whose words say what kind of document a row is, with its words; none if there is no such column."""
    for column in table.columns:
        if not _may_name_types(column):
            continue
        words = distinct_words(table, column, MOST_TYPES)
        found = {word: document_word(word) for word in words}
        if any(found.values()) and sum(map(bool, found.values())) * 2 >= len(found):
            return column, found
    return None, {}


def _may_name_types(column: Column) -> bool:
    key = column.key
    if fields_by_key("Invoice").get(key) == "invoiceTypeCode" or key == "paymenttype":
        return True
    return key in ambiguous_names() and ambiguous_names()[key][0] == "type"


def distinct_words(table: Table, column: Column, most: int) -> list[str]:
    """The different values of a column, in the order in which they come; none if there are more than `most`."""
    cells = table.cells[str(column.place)]
    words = cells.filter(cells != "").unique(maintain_order=True)
    return words.to_list() if 0 < len(words) <= most else []


def find_side(table: Table) -> str:
    """AR or AP, by the names of the columns, of the sheet and of the file; empty if they do not say."""
    return side_of(_name_words(column.name for column in table.columns)) or side_of(
        _name_words((table.stem, table.sheet, *table.titles))
    )


def _name_words(names: Iterable[str]) -> Collection[str]:
    words = [set(normal_form(name).split()) for name in names]
    # “Invoice/Bill Date” speaks of both sides.
    return {word for found in words if not {"invoice", "bill"} <= found for word in found}
