"""The record rules of a proposed profile: which records a line yields, and what fills their fields."""

from collections.abc import Mapping

from adsplatform.records.specification import entities
from syncs.import_profiles.document_words import AP, AR
from syncs.import_profiles.drafts import Draft, field_of
from syncs.import_profiles.inspected import Json
from syncs.import_profiles.kinds import Layout
from syncs.import_profiles.known_names import ambiguous_names, layout_roles
from syncs.import_profiles.mapping import Match
from syncs.import_profiles.number_styles import judge_numbers
from syncs.import_profiles.profile import POSITION
from syncs.import_profiles.tables import Table
from syncs.import_profiles.value_questions import LEAVE_OUT, TURNED, invoice_amount

Fields = dict[str, Json]
# What is applied, and to which invoice. Their entries are numbered within what is applied where no column does it.
APPLICATIONS = {
    "PaymentApplied": ("paymentErpKey", "invoiceErpKey"),
    "CreditMemoApplied": ("creditMemoInvoiceErpKey", "invoiceErpKey"),
}


def fields_of_kind(draft: Draft, kind: str) -> Fields:
    """What fills the fields of a kind, in the order in which records have them."""
    matches, sources = draft.fields.get(kind, {}), draft.sources.get(kind, {})
    fields = {name: _source_of(match) for name, match in matches.items() if name not in sources}
    fields |= sources
    return {name: source for name, source in fields.items() if source is not None}


def _source_of(match: Match) -> Json:
    source: dict[str, Json] = {"column": match.column.name}
    if match.by == "companyName":
        source["by"] = match.by
    if match.is_inverted and field_of(match.kind, match.field).type == "boolean":
        source["inverted"] = True
    return source if len(source) > 1 else match.column.name


def record_rules(draft: Draft, types: Mapping[str, str]) -> list[dict[str, Json]]:
    """The rules of all kinds."""
    if draft.found.type_column is not None:
        return _rules_by_type(draft, draft.found.type_column.name, types)
    if draft.layout is Layout.GROUPED:
        return _grouped_rules(draft, "Invoice", "InvoiceLine", "invoiceErpKey")
    if draft.layout is Layout.JOURNAL:
        return _grouped_rules(draft, "JournalEntry", "JournalEntryLine", "journalEntryErpKey")
    if draft.layout is Layout.IN_AND_OUT:
        return _rules_in_and_out(draft)
    if draft.layout is Layout.DATEV_ACCOUNTS:
        return _datev_rules(draft)
    if any(one.id == "sign" and one.suggest != "keep" for one in draft.asker.questions):
        return _rules_by_sign(draft)
    return [_plain_rule(draft, kind) for kind in draft.kinds]


def _plain_rule(draft: Draft, kind: str) -> dict[str, Json]:
    fields = fields_of_kind(draft, kind)
    if draft.layout is Layout.COMPANY_AND_CONTACT and kind == "Contact":
        return {"kind": kind, "when": {"column": contact_column(draft), "filled": True}, "fields": fields}
    if kind in APPLICATIONS and "entryNumber" not in fields:
        applied = fields.get(APPLICATIONS[kind][0])
        if column := applied if isinstance(applied, str) else "":
            return {"kind": kind, "lineOf": [column], "fields": {**fields, "entryNumber": {"join": [POSITION]}}}
    return {"kind": kind, "fields": fields}


def _rules_by_type(draft: Draft, column: str, types: Mapping[str, str]) -> list[dict[str, Json]]:
    """A rule for each sort of document that the words of the type column name."""
    rules = []
    for document in dict.fromkeys(value for value in types.values() if value != LEAVE_OUT):
        words = [word for word, value in types.items() if value == document]
        name = document.removesuffix(TURNED)
        kind = "Payment" if name.endswith("Payment") else "Invoice"
        if kind not in draft.kinds:
            continue
        fields = fields_of_kind(draft, kind)
        if document.endswith(TURNED):
            fields = _all_turned(kind, fields)
        fields["paymentType" if kind == "Payment" else "invoiceTypeCode"] = {"constant": name}
        rules.append({"kind": kind, "when": {"column": column, "in": words}, "fields": fields})
    return rules


def _rules_by_sign(draft: Draft) -> list[dict[str, Json]]:
    """Invoices where the amount is positive, credit notes where it is negative; payments of the one and other side."""
    kind = draft.kinds[0]
    amount = draft.match("Payment", "paymentAmount") if kind == "Payment" else invoice_amount(draft)
    column = amount.column.name if amount else ""
    fields = fields_of_kind(draft, kind)
    negative = _all_turned(kind, fields)
    name = "paymentType" if kind == "Payment" else "invoiceTypeCode"
    type_code = fields.get(name)
    if isinstance(type_code, Mapping) and "constant" in type_code:
        text = str(type_code["constant"])
        side, other_side = (AR, AP) if text.startswith(AR) else (AP, AR)
        other = text.replace(*((side, other_side) if kind == "Payment" else ("Invoice", "Credit Memo")))
        negative[name] = {"constant": other}
    return [
        {"kind": kind, "when": {"column": column, "sign": "plus"}, "fields": fields},
        {"kind": kind, "when": {"column": column, "sign": "minus"}, "fields": negative},
    ]


def _all_turned(kind: str, fields: Fields) -> Fields:
    """The fields with the signs of all amounts turned."""
    amounts = {column.wire for column in entities()[kind].amounts}
    return {field: _turned(source) if field in amounts else source for field, source in fields.items()}


def _turned(source: Json) -> Json:
    """The source with its sign turned."""
    if isinstance(source, str):
        return {"column": source, "negate": True}
    return {**source, "negate": True} if isinstance(source, Mapping) and "column" in source else source


def _grouped_rules(draft: Draft, whole: str, line: str, reference: str) -> list[dict[str, Json]]:
    key = [draft.fields[line][reference].column.name]
    if whole == "JournalEntry":
        key = entry_columns(draft)
    return [
        {"kind": whole, "group": key, "fields": fields_of_kind(draft, whole)},
        {"kind": line, "lineOf": key, "fields": fields_of_kind(draft, line)},
    ]


def entry_columns(draft: Draft) -> list[str]:
    """The columns that tell one journal entry from another: its number, and its journal, which may count for itself."""
    number = draft.fields["JournalEntryLine"]["journalEntryErpKey"].column.name
    for column in draft.table.columns:
        if ambiguous_names().get(column.key, ("",))[0] == "journal" and all(draft.table.values(column)):
            return [column.name, number]
    return [number]


def _rules_in_and_out(draft: Draft) -> list[dict[str, Json]]:
    """A payment for each column of money: from a customer what came in, to a vendor what went out."""
    rules = []
    answer = draft.asker.answer("amount")
    sides = (AP, AR) if answer == "in is AP" else (AR, AP)
    for role, side in zip(("moneyIn", "moneyOut"), sides, strict=True):
        column = column_with_role(draft, role)
        fields = dict(fields_of_kind(draft, "Payment"))
        fields["paymentType"] = {"constant": f"{side} Payment"}
        fields["paymentAmount"] = _positive(draft, column)
        if draft.asker.answer("constant:unappliedAmount", "whole") == "whole":
            fields["unappliedAmount"] = _positive(draft, column)
        rules.append({"kind": "Payment", "when": {"column": column, "filled": True}, "fields": fields})
    return rules


def _positive(draft: Draft, column: str) -> Json:
    """Money that went out may stand there with a minus; the column already says it."""
    place = next(one for one in draft.table.columns if one.name == column)
    flags = judge_numbers(draft.table.values(place), draft.table.lines).flags
    return {"column": column, "absolute": True} if "negative" in flags else column


def column_with_role(draft: Draft, role: str) -> str:
    """The name of the first column that is for this, or an empty text."""
    return next((one.name for one in draft.table.columns if layout_roles().get(one.key) == role), "")


def contact_column(draft: Draft) -> str:
    """The column by which a line has a person: the last name, else the first."""
    return column_with_role(draft, "lastName") or column_with_role(draft, "firstName")


def _datev_rules(draft: Draft) -> list[dict[str, Json]]:
    """Customers and vendors by the range of their account numbers."""
    first = 10 ** datev_digits(draft.table)
    fields = fields_of_kind(draft, "Company")
    key = draft.fields["Company"]["erpKey"].column.name
    ranges = (("Customer", first, 7 * first - 1), ("Vendor", 7 * first, 10 * first - 1))
    return [
        {
            "kind": "Company",
            "when": {"column": key, "from": start, "to": end},
            "fields": {**fields, "companyType": {"constant": company_type}},
        }
        for company_type, start, end in ranges
    ]


# Where DATEV's first line has the number of digits of an account, and what it mostly is.
DATEV_DIGITS_AT, DATEV_DIGITS = 13, 4


def datev_digits(table: Table) -> int:
    """How many digits a general account has; those of customers and vendors have one more."""
    cells = table.datev
    text = cells[DATEV_DIGITS_AT] if len(cells) > DATEV_DIGITS_AT else ""
    return int(text) if text.isdigit() and 4 <= int(text) <= 8 else DATEV_DIGITS
