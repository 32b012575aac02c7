"""What is asked about the words in a column: which of our values each stands for."""

from collections.abc import Mapping

from adsplatform.records.number_styles import POINT
from syncs.import_profiles.boolean_styles import judge_booleans
from syncs.import_profiles.document_words import (
    AP,
    AR,
    CREDIT_MEMO,
    INVOICE,
    PAYMENT,
    DocumentWord,
    document_word,
    known_value,
)
from syncs.import_profiles.drafts import Draft, field_of
from syncs.import_profiles.inspected import Json, Question, Verdict
from syncs.import_profiles.kinds import MOST_TYPES, distinct_words
from syncs.import_profiles.mapping import Match
from syncs.import_profiles.number_styles import read_numbers
from syncs.import_profiles.questions import choices_of

# Fields with known texts, and further texts that are offered.
VALUE_FIELDS = (
    "invoiceStatusCode",
    "companyType",
    "tenderType",
    "classification",
    "status",
    "invoiceTypeCode",
    "paymentType",
)
OFFERED = {"tenderType": ("Cash", "Check", "Credit Card", "Wire Transfer", "Direct Debit", "ACH")}
LEAVE_OUT = "leave out"
TURNED = ", amounts turned positive"


def ask_about_values(draft: Draft) -> None:
    """Ask what the words in columns of states, types and ways to pay mean; words that are ours are not asked."""
    for kind in draft.kinds:
        for name in VALUE_FIELDS:
            match = draft.match(kind, name)
            if match is None or _is_type_column(draft, match):
                continue
            _ask_about_words(draft, match)


def _is_type_column(draft: Draft, match: Match) -> bool:
    return draft.found.type_column is not None and match.column.place == draft.found.type_column.place


def _ask_about_words(draft: Draft, match: Match) -> None:
    column, name = match.column, match.field
    known = field_of(match.kind, name).known_texts
    words = distinct_words(draft.table, column, MOST_TYPES)
    if not words or all(word in known for word in words):
        return
    meant = {word: _meaning(name, known, word, draft, match) for word in words}
    if name in ("classification", "status") and not any(meant.values()):
        return
    is_known = all(meant.values())
    answer = draft.asker.ask(
        Question(
            id=f"values:{column.name}",
            what="values",
            question=f"What do the words in “{column.name}” mean?",
            verdict=Verdict.LIKELY if is_known else Verdict.OPEN,
            suggest=meant if is_known else None,
            show=", ".join(f"“{word}”" for word in words[:5]),
            column=column.name,
            kind=match.kind,
            field=name,
            choices=choices_of(tuple(dict.fromkeys((*known, *OFFERED.get(name, ()))))),
            is_free=name == "tenderType",
            words=tuple(words),
        )
    )
    if isinstance(answer, Mapping):
        draft.set_source(match.kind, name, {"column": column.name, "values": dict(answer)})


def _meaning(name: str, known: tuple[str, ...], word: str, draft: Draft, match: Match) -> str | None:
    for text in known:
        if text.casefold() == word.casefold():
            return text
    if found := known_value(name, word):
        return found
    if name in ("invoiceTypeCode", "paymentType"):
        document = document_word(word)
        text = f"{document.side or draft.found.side or AR} {document.sort}" if document else ""
        return text if text in known else None
    if name == "invoiceStatusCode":
        flags = judge_booleans(draft.table.values(match.column), draft.table.lines)
        is_open = match.column.key in _NAMES_OF_OPEN
        if word in flags.true:
            return "Open" if is_open else "Closed"
        if word in flags.false:
            return "Closed" if is_open else "Open"
    return None


_NAMES_OF_OPEN = frozenset(("open", "offen", "openstaand", "oppen", "isopen", "pendiente"))


def settle_types(draft: Draft) -> dict[str, str]:
    """What the words of the type column mean: by word “AR Invoice”, “AR Payment” …, or that its lines are left out.

    Where the words name one kind of record, they are asked as values; where they name several, as the kind.
    """
    column, types = draft.found.type_column, draft.found.types
    if column is None:
        return {}
    suggested = {word: _document(draft, found) for word, found in types.items()}
    several = len(draft.kinds) > 1
    is_known = all(suggested.values())
    answer = draft.asker.ask(
        Question(
            id=f"values:{column.name}",
            what="kind" if several else "values",
            question=f"Which documents do the words in “{column.name}” name?",
            verdict=Verdict.LIKELY if is_known else Verdict.OPEN,
            suggest=suggested if is_known else None,
            show=" ".join(filter(None, (f"Split by its {len(types)} values." if several else "", _shown_signs(draft)))),
            column=column.name,
            kind=", ".join(draft.kinds),
            field="invoiceTypeCode",
            choices=choices_of((*_DOCUMENT_TYPES, LEAVE_OUT), {LEAVE_OUT: "Leave these lines out"}),
            words=tuple(types),
        )
    )
    if not isinstance(answer, Mapping):
        return {}
    _tell_signs(draft, answer)
    return {str(word): str(value) for word, value in answer.items()}


_CREDITS = tuple(f"{side} Credit Memo{ending}" for side in (AR, AP) for ending in ("", TURNED))
_PAYMENTS = tuple(f"{side} Payment{ending}" for ending in ("", TURNED) for side in (AR, AP))
_DOCUMENT_TYPES = ("AR Invoice", "AP Invoice", *_CREDITS, *_PAYMENTS)


def _document(draft: Draft, found: DocumentWord | None) -> str | None:
    if found is None or found.sort not in (INVOICE, CREDIT_MEMO, PAYMENT):
        return None
    side = found.side or draft.found.side or AR
    if found.sort in (CREDIT_MEMO, PAYMENT) and are_negative(draft, found.sort):
        return f"{side} {found.sort}{TURNED}"
    return f"{side} {found.sort}"


def are_negative(draft: Draft, sort: str) -> bool:
    """Whether the amounts of all documents of a sort are negative in the file."""
    signs = signs_of(draft, sort)
    return bool(signs) and all(sign <= 0 for sign in signs) and any(sign < 0 for sign in signs)


def signs_of(draft: Draft, sort: str, amount: Match | None = None) -> list[int]:
    """The signs of the amounts of a sort of document; of those in another column if it is given."""
    column = draft.found.type_column
    amount = amount or (draft.match("Payment", "paymentAmount") if sort == PAYMENT else invoice_amount(draft))
    if column is None or amount is None:
        return []
    words = {word for word, found in draft.found.types.items() if found and found.sort == sort}
    finding = draft.styles.numbers.get(amount.column.place)
    cells = [
        cell
        for word, cell in zip(draft.table.values(column), draft.table.values(amount.column), strict=True)
        if word in words
    ]
    numbers = read_numbers(cells, (finding.style if finding else "") or POINT)
    return [(number > 0) - (number < 0) for number in numbers if number is not None]


def invoice_amount(draft: Draft) -> Match | None:
    """The column of the amounts by whose sign an invoice is told from a credit note."""
    names = ("totalAmount", "netAmount", "outstandingBalanceAmount")
    return next((match for name in names if (match := draft.match("Invoice", name))), None)


def _shown_signs(draft: Draft) -> str:
    said = []
    for sort, name in ((CREDIT_MEMO, "credit note"), (PAYMENT, "payment")):
        if are_negative(draft, sort):
            count = len(signs_of(draft, sort))
            which = f"The {name} is" if count == 1 else f"All {count:,} {name}s are"
            said.append(f"{which} negative in the file.")
    return " ".join(said)


def _tell_signs(draft: Draft, answer: Mapping[str, Json]) -> None:
    signs = signs_of(draft, CREDIT_MEMO)
    if signs and all(sign >= 0 for sign in signs) and any("Credit" in str(value) for value in answer.values()):
        which = "The credit note is" if len(signs) == 1 else "The credit notes are"
        draft.asker.tell(f"{which} positive already: nothing is turned.")
