"""What is asked about fields that no column fills: one value for all records, or what else they are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adsplatform.records.currencies import IN_USE
from adsplatform.records.number_styles import POINT
from syncs.import_profiles.document_words import AP
from syncs.import_profiles.drafts import Draft, field_in_words, field_of, fields_of
from syncs.import_profiles.header_names import normal_form
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.key_questions import ask_for_column
from syncs.import_profiles.kinds import Layout
from syncs.import_profiles.layout_rules import APPLICATIONS
from syncs.import_profiles.mapping import Match
from syncs.import_profiles.number_styles import read_numbers
from syncs.import_profiles.questions import choices_of

# Words of a title that says all its invoices are unpaid.
_OPEN_WORDS = frozenset(
    "open offene offenen offen unpaid outstanding overdue impayees impayes ouvertes abiertas pendientes openstaande "
    "oppna obetalda".split()
)
# Words by which a header shows its language, and the currency that its companies mostly have.
LANGUAGES = (
    ("EUR", "rechnung rechnungs kunde kunden betrag datum netto brutto wahrung ort konto straße strasse beleg"),
    ("EUR", "facture client montant devise echeance fournisseur compte libelle ecriture"),
    ("EUR", "factura cliente importe fecha moneda vencimiento proveedor cuenta"),
    ("EUR", "factuur klant bedrag vervaldatum leverancier rekening relatie"),
    ("SEK", "faktura kund belopp forfallodatum valuta leverantor fakturadatum"),
)
SIGNS = {"€": "EUR", "kr": "SEK"}
# References that may be the same in a whole file: to the own company, or to the only partner that it is about.
OF_COMPANIES = ("companyErpKey", "customerErpKey")
_COMMON = ("EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "CAD", "AUD")


@dataclass(frozen=True, slots=True)
class ConstantQuestion:
    """What is asked about a field that records of a kind need and no column fills: one value for all of them.

    `suggest` gives what is filled in, or None, and what is shown beside it. `applies` says whether it is asked at all,
    and `choices` which values are offered; without any, those that the specification knows.
    """

    kind: str
    field: str
    question: str
    suggest: Callable[[Draft], tuple[Json, str]]
    applies: Callable[[Draft], bool] = lambda draft: True
    choices: Callable[[Draft], tuple[Choice, ...]] | None = None
    is_free: bool = False


def fill_constants(draft: Draft) -> None:
    """Ask for the value of each field that records need and no column fills."""
    for kind in draft.kinds:
        if kind == "Contact" and (source := draft.sources.get("Company", {}).get("isActive")):
            # A person is active if their company is.
            draft.sources.setdefault(kind, {}).setdefault("isActive", source)
        for one in QUESTIONS:
            if one.kind == kind and not draft.is_filled(kind, one.field) and one.applies(draft):
                _settle(draft, one)
        if kind == "Payment":
            _unapplied(draft)
        elif kind in ("FinancialAccount", "JournalEntryLine"):
            _derived(draft, kind)
    _currency(draft)
    _rest(draft)


def _settle(draft: Draft, one: ConstantQuestion) -> None:
    kind, field = one.kind, one.field
    suggest, show = one.suggest(draft)
    choices = one.choices(draft) if one.choices else choices_of(field_of(kind, field).known_texts)
    answer = _ask(draft, kind, field, one.question, suggest=suggest, choices=choices, show=show, is_free=one.is_free)
    _set_constant(draft, kind, field, answer)


def _ask(
    draft: Draft,
    kind: str,
    field: str,
    question: str,
    *,
    suggest: Json,
    choices: Sequence[Choice] = (),
    show: str = "",
    is_free: bool = False,
    id: str = "",
) -> Json:
    return draft.asker.ask(
        Question(
            id=f"constant:{id or field}",
            what="constant",
            question=question,
            verdict=Verdict.OPEN if suggest is None else Verdict.LIKELY,
            suggest=suggest,
            show=show,
            field=field,
            kind=kind,
            choices=tuple(choices),
            is_free=is_free,
        )
    )


def _set_constant(draft: Draft, kind: str, field: str, value: Json) -> None:
    draft.set_source(kind, field, None if value is None else {"constant": value})


_NO_OWN_COMPANY = (
    "The books have no company of the type “Company” yet. Write the key that yours has in your system. Before this "
    "file, load that company with the template of companies, and the customers or vendors."
)


def _is_of_vendors(draft: Draft) -> bool:
    return draft.found.side == AP


def _is_not_of_vendors(draft: Draft) -> bool:
    return draft.found.side != AP


def _own_company(draft: Draft) -> tuple[Json, str]:
    own = draft.books.own_companies
    return own[0] if len(own) == 1 else None, "Your own company." if own else _NO_OWN_COMPANY


def _invoice_of_side(draft: Draft) -> tuple[Json, str]:
    side = draft.found.side
    return (f"{side} Invoice", "") if side else (None, "Neither the columns nor the file’s name say it.")


def _title_of_open(draft: Draft) -> str:
    """The title, or else the name of the file, that says that its invoices are not paid; empty if none does."""
    titles = (*draft.table.titles, draft.table.stem)
    return next((title for title in titles if _OPEN_WORDS.intersection(normal_form(title).split())), "")


def _payment_of_side(draft: Draft) -> tuple[Json, str]:
    return f"{draft.found.side} Payment" if draft.found.side else None, ""


def _company_of_side(draft: Draft) -> tuple[Json, str]:
    side = draft.found.side
    return "Vendor" if side == AP else "Customer", "" if side else "The file does not say."


QUESTIONS = (
    # Of customers' invoices the account's own company is the issuer, of vendors' invoices it is the customer.
    *(
        ConstantQuestion(
            "Invoice",
            field,
            "Which key does your own company have in the books? These invoices belong to it.",
            _own_company,
            applies=applies,
            choices=lambda draft: choices_of(draft.books.own_companies),
            is_free=True,
        )
        for field, applies in (("companyErpKey", _is_not_of_vendors), ("customerErpKey", _is_of_vendors))
    ),
    ConstantQuestion(
        "Invoice",
        "invoiceTypeCode",
        "Are these invoices to customers (AR) or from vendors (AP)?",
        _invoice_of_side,
        applies=lambda draft: draft.layout is not Layout.GROUPED and draft.found.type_column is None,
    ),
    ConstantQuestion(
        "Invoice",
        "invoiceStatusCode",
        "Are all of these invoices open?",
        lambda draft: ("Open", f"The title says “{_title_of_open(draft)}”."),
        applies=lambda draft: bool(_title_of_open(draft)),
        choices=lambda draft: choices_of(("Open", "Closed")),
    ),
    ConstantQuestion(
        "Payment",
        "paymentType",
        "Did customers make these payments (AR), or were they made to vendors (AP)?",
        _payment_of_side,
        applies=lambda draft: draft.layout is not Layout.IN_AND_OUT and draft.found.type_column is None,
        choices=lambda draft: choices_of(("AR Payment", "AP Payment")),
    ),
    ConstantQuestion(
        "Company",
        "companyType",
        "Are these companies customers or vendors?",
        _company_of_side,
        applies=lambda draft: draft.layout is not Layout.DATEV_ACCOUNTS,
    ),
    *(
        ConstantQuestion(
            kind,
            "isActive",
            "Are all of these records active?",
            lambda draft: (True, "The file does not say."),
            choices=lambda draft: (Choice(True, "Yes"), Choice(False, "No")),
        )
        for kind in ("Company", "Contact")
    ),
    ConstantQuestion(
        "JournalEntryLine",
        "sourceCreatedUser",
        "Who booked these entries?",
        lambda draft: ("import", "The file does not say."),
        is_free=True,
    ),
)


def _unapplied(draft: Draft) -> None:
    """How much of a payment is not yet applied to invoices, and with that whether it is open."""
    if (date := draft.match("Payment", "paymentDate")) and not draft.is_filled("Payment", "postDate"):
        draft.set_source("Payment", "postDate", date.column.name)
    if (date := draft.match("Payment", "postDate")) and not draft.is_filled("Payment", "paymentDate"):
        draft.set_source("Payment", "paymentDate", date.column.name)
    unapplied = draft.match("Payment", "unappliedAmount")
    if unapplied is not None:
        if not draft.is_filled("Payment", "isOpen"):
            draft.set_source("Payment", "isOpen", _open_unless_zero(draft, unapplied))
        return
    answer = _ask(
        draft,
        "Payment",
        "unappliedAmount",
        "How much of each payment is not yet applied to invoices?",
        suggest="whole",
        choices=(
            Choice("whole", "The whole amount: the payment is open"),
            Choice("none", "Nothing: the payment is closed"),
        ),
        show="The file has no allocation.",
    )
    amount = draft.match("Payment", "paymentAmount")
    if answer == "whole" and amount is not None:
        source = draft.sources.get("Payment", {}).get("paymentAmount", amount.column.name)
        draft.set_source("Payment", "unappliedAmount", source)
    elif answer == "none":
        _set_constant(draft, "Payment", "unappliedAmount", 0)
    if not draft.is_filled("Payment", "isOpen"):
        _set_constant(draft, "Payment", "isOpen", answer == "whole")


def _open_unless_zero(draft: Draft, unapplied: Match) -> Json:
    """A payment is open unless nothing of it is unapplied: every way in which the column writes zero says so."""
    finding = draft.styles.numbers.get(unapplied.column.place)
    cells = draft.table.values(unapplied.column)
    numbers = read_numbers(cells, (finding.style if finding else "") or POINT)
    zeros = dict.fromkeys(cell for cell, number in zip(cells, numbers, strict=True) if number == 0)
    return {"column": unapplied.column.name, "values": {**dict.fromkeys(zeros or ["0"], False), "*": True}}


def _derived(draft: Draft, kind: str) -> None:
    """Fields that say the same as another one."""
    same = {
        "FinancialAccount": (("erpKey", "code"), ("code", "erpKey"), ("description", "name")),
        "JournalEntryLine": (("baseDebit", "debit"), ("baseCredit", "credit"), ("accountName", "accountNumber"),
                             ("accountNumber", "accountName")),
    }  # fmt: skip
    for field, other in same[kind]:
        match = draft.match(kind, other)
        if match is not None and not draft.is_filled(kind, field):
            draft.set_source(kind, field, match.column.name)
    if kind == "FinancialAccount" and not draft.is_filled(kind, "status"):
        _set_constant(draft, kind, "status", "Active")
        draft.asker.tell("The file has no state of accounts: all of them are loaded as active.")


def _currency(draft: Draft) -> None:
    """One question on the currency of all kinds that have one and whose column is not there."""
    kinds = [
        kind
        for kind in draft.kinds
        if "currencyCode" in fields_of(kind) and not draft.is_filled(kind, "currencyCode") and kind != "Company"
    ]
    if kinds and (column := _column_of_currencies(draft)):
        for kind in kinds:
            draft.set_source(kind, "currencyCode", {"column": column, "currency": True})
        draft.asker.tell(f"Each line has the currency that stands beside its amount in “{column}”.")
    elif kinds:
        suggest, show = _suggested_currency(draft)
        answer = _ask(
            draft,
            kinds[0],
            "currencyCode",
            "In which currency are the amounts?",
            suggest=suggest,
            choices=choices_of(tuple(dict.fromkeys((*([suggest] if suggest else []), *_COMMON)))),
            show=show,
            is_free=True,
        )
        for kind in kinds:
            _set_constant(draft, kind, "currencyCode", answer)
    if "JournalEntryLine" in draft.kinds and not draft.is_filled("JournalEntryLine", "baseCurrencyCode"):
        source = draft.sources.get("JournalEntryLine", {}).get("currencyCode")
        match = draft.match("JournalEntryLine", "currencyCode")
        draft.set_source("JournalEntryLine", "baseCurrencyCode", match.column.name if match else source)


def _column_of_currencies(draft: Draft) -> str:
    """The first column of amounts that names several currencies, each by a code or a sign of it alone."""
    for column in draft.columns_of_type("amount"):
        codes = {SIGNS.get(code, code) for code in draft.styles.numbers[column.place].currencies}
        if len(codes) > 1 and codes <= IN_USE and draft.layout is Layout.PLAIN:
            return column.name
    return ""


def _suggested_currency(draft: Draft) -> tuple[str | None, str]:
    """A currency that the header, the cells or the books name; else the one of the header's language."""
    columns = [column.currency for column in draft.table.columns if column.currency]
    cells = [code for finding in draft.styles.numbers.values() for code in finding.currencies]
    codes = dict.fromkeys(SIGNS.get(code, code) for code in (*columns, *cells))
    known = [code for code in codes if code in IN_USE]
    if len(known) == 1:
        return known[0], f"The file writes “{known[0]}”."
    if codes:
        return None, f"The file writes {', '.join(f'“{code}”' for code in codes)}."
    if draft.books.currency:
        return draft.books.currency, "The invoices in the books mostly have it."
    words = {word for column in draft.table.columns for word in normal_form(column.name).split()}
    counts = [(len(words & set(text.split())), currency) for currency, text in LANGUAGES]
    most, currency = max(counts, key=lambda pair: pair[0])
    if most:
        return currency, "The columns’ names are in a language of that currency."
    british = draft.styles.date_pattern in ("DD/MM/YYYY", "DD-MM-YYYY", "DD/MM/YY") and any(
        finding.proofs for finding in draft.styles.dates.values()
    )
    return ("GBP" if british else "USD"), "The file does not say."


def _rest(draft: Draft) -> None:
    """Whatever else records need: asked, with nothing filled in."""
    for kind in draft.kinds:
        for field, column in fields_of(kind).items():
            is_needed = column.required and column.assumed is None
            if not is_needed or draft.is_filled(kind, field) or field in _MADE_BY_RULES.get(draft.layout, ()):
                continue
            if field in ("invoiceTypeCode", "paymentType") and draft.found.type_column:
                continue
            if field == "erpKey" and any(one.id == f"key:{kind}" for one in draft.asker.questions):
                continue
            if kind in APPLICATIONS and field == "entryNumber":
                continue
            if kind == "Contact" and draft.layout is Layout.COMPANY_AND_CONTACT and field.lower().endswith("erpkey"):
                continue
            if column.is_key and field not in OF_COMPANIES:
                ask_for_column(draft, kind, field)
                continue
            answer = _ask(
                draft,
                kind,
                field,
                f"No column was found for {field_in_words(kind, field)}, which every {column.of} needs. Which value do "
                "all records have? Or say at one of the columns that it holds it.",
                suggest=None,
                choices=choices_of(column.known_texts),
                is_free=not column.known_texts,
                id=f"{kind}.{field}",
            )
            _set_constant(draft, kind, field, answer)


_MADE_BY_RULES = {
    Layout.IN_AND_OUT: ("paymentType", "paymentAmount", "unappliedAmount"),
    Layout.DATEV_ACCOUNTS: ("companyType",),
}
