"""What is asked about fields that no column fills: one value for all records, or what else they are made of."""

from collections.abc import Sequence

from adsplatform.records.currencies import IN_USE
from adsplatform.records.number_styles import POINT
from syncs.import_profiles.document_words import AP
from syncs.import_profiles.drafts import Draft, field_of, fields_of
from syncs.import_profiles.header_names import normal_form
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.kinds import Layout
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
_COMMON = ("EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "CAD", "AUD")


def fill_constants(draft: Draft) -> None:
    """Ask for the value of each field that records need and no column fills."""
    for kind in draft.kinds:
        if kind == "Invoice":
            _own_company(draft)
            _invoice_type(draft)
            _invoice_state(draft)
        elif kind == "Payment":
            _payment_type(draft)
            _unapplied(draft)
        elif kind in ("Company", "Contact"):
            _company_flags(draft, kind)
        elif kind in ("FinancialAccount", "JournalEntryLine"):
            _derived(draft, kind)
    _currency(draft)
    _rest(draft)


def _ask(
    draft: Draft,
    field: str,
    question: str,
    *,
    suggest: Json,
    choices: Sequence[Choice] = (),
    show: str = "",
    is_free: bool = False,
    kind: str = "",
) -> Json:
    return draft.asker.ask(
        Question(
            id=f"constant:{field}",
            what="constant",
            question=question,
            verdict=Verdict.OPEN if suggest is None else Verdict.LIKELY,
            suggest=suggest,
            show=show,
            field=field.rpartition(".")[2],
            kind=kind or draft.kinds[0],
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


def _own_company(draft: Draft) -> None:
    """Of customers' invoices the account's own company is the issuer, of vendors' invoices it is the customer."""
    field = "customerErpKey" if draft.found.side == AP else "companyErpKey"
    if draft.is_filled("Invoice", field):
        return
    own = draft.books.own_companies
    answer = _ask(
        draft,
        field,
        "Which key does your own company have in the books? These invoices belong to it.",
        suggest=own[0] if len(own) == 1 else None,
        choices=choices_of(own),
        show="Your own company." if own else _NO_OWN_COMPANY,
        is_free=True,
    )
    _set_constant(draft, "Invoice", field, answer)


def _invoice_type(draft: Draft) -> None:
    if draft.layout is Layout.GROUPED or draft.found.type_column or draft.is_filled("Invoice", "invoiceTypeCode"):
        return
    side = draft.found.side
    answer = _ask(
        draft,
        "invoiceTypeCode",
        "Are these invoices to customers (AR) or from vendors (AP)?",
        suggest=f"{side} Invoice" if side else None,
        choices=choices_of(field_of("Invoice", "invoiceTypeCode").known_texts),
        show="" if side else "Neither the columns nor the file’s name say it.",
    )
    _set_constant(draft, "Invoice", "invoiceTypeCode", answer)


def _invoice_state(draft: Draft) -> None:
    words = {word for title in (*draft.table.titles, draft.table.stem) for word in normal_form(title).split()}
    if draft.is_filled("Invoice", "invoiceStatusCode") or not words & _OPEN_WORDS:
        return
    title = next((t for t in draft.table.titles if set(normal_form(t).split()) & _OPEN_WORDS), draft.table.stem)
    answer = _ask(
        draft,
        "invoiceStatusCode",
        "Are all of these invoices open?",
        suggest="Open",
        choices=choices_of(("Open", "Closed")),
        show=f"The title says “{title}”.",
    )
    _set_constant(draft, "Invoice", "invoiceStatusCode", answer)


def _payment_type(draft: Draft) -> None:
    if draft.layout is Layout.IN_AND_OUT or draft.found.type_column or draft.is_filled("Payment", "paymentType"):
        return
    side = draft.found.side
    answer = _ask(
        draft,
        "paymentType",
        "Did customers make these payments (AR), or were they made to vendors (AP)?",
        suggest=f"{side} Payment" if side else None,
        choices=choices_of(("AR Payment", "AP Payment")),
    )
    _set_constant(draft, "Payment", "paymentType", answer)


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
        "unappliedAmount",
        "How much of each payment is not yet applied to invoices?",
        suggest="whole",
        choices=(
            Choice("whole", "The whole amount: the payment is open"),
            Choice("none", "Nothing: the payment is closed"),
        ),
        show="The file has no allocation.",
        kind="Payment",
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


def _company_flags(draft: Draft, kind: str) -> None:
    if kind == "Company" and draft.layout is not Layout.DATEV_ACCOUNTS and not draft.is_filled(kind, "companyType"):
        side = draft.found.side
        answer = _ask(
            draft,
            "companyType",
            "Are these companies customers or vendors?",
            suggest="Vendor" if side == AP else "Customer",
            choices=choices_of(field_of("Company", "companyType").known_texts),
            show="" if side else "The file does not say.",
        )
        _set_constant(draft, kind, "companyType", answer)
    if not draft.is_filled(kind, "isActive"):
        if kind == "Contact" and "isActive" in draft.sources.get("Company", {}):
            draft.set_source(kind, "isActive", draft.sources["Company"]["isActive"])
            return
        answer = _ask(
            draft,
            "isActive",
            "Are all of these records active?",
            suggest=True,
            choices=(Choice(True, "Yes"), Choice(False, "No")),
            show="The file does not say.",
        )
        _set_constant(draft, kind, "isActive", answer)


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
            "currencyCode",
            "In which currency are the amounts?",
            suggest=suggest,
            choices=choices_of(tuple(dict.fromkeys((*([suggest] if suggest else []), *_COMMON)))),
            show=show,
            is_free=True,
            kind=kinds[0],
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
    if "JournalEntryLine" in draft.kinds and not draft.is_filled("JournalEntryLine", "sourceCreatedUser"):
        answer = _ask(
            draft,
            "sourceCreatedUser",
            "Who booked these entries?",
            suggest="import",
            show="The file does not say.",
            is_free=True,
            kind="JournalEntryLine",
        )
        _set_constant(draft, "JournalEntryLine", "sourceCreatedUser", answer)
    for kind in draft.kinds:
        for field, column in fields_of(kind).items():
            is_needed = column.required and column.assumed is None
            if not is_needed or draft.is_filled(kind, field) or field in _MADE_BY_RULES.get(draft.layout, ()):
                continue
            if field in ("invoiceTypeCode", "paymentType") and draft.found.type_column:
                continue
            if field == "erpKey" and any(one.id == f"key:{kind}" for one in draft.asker.questions):
                continue
            if kind == "Contact" and draft.layout is Layout.COMPANY_AND_CONTACT and field.lower().endswith("erpkey"):
                continue
            answer = _ask(
                draft,
                f"{kind}.{field}",
                f"No column was found for {field}, which every {column.of} needs. Which value do all records have? "
                "Or say at one of the columns that it holds it.",
                suggest=None,
                choices=choices_of(column.known_texts),
                is_free=not column.known_texts,
                kind=kind,
            )
            _set_constant(draft, kind, field, answer)


_MADE_BY_RULES = {
    Layout.IN_AND_OUT: ("paymentType", "paymentAmount", "unappliedAmount"),
    Layout.DATEV_ACCOUNTS: ("companyType",),
}
