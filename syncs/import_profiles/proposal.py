"""A proposed profile for a table: what is asked and told about it, and the profile that the answers make."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from adsplatform.records.number_styles import POINT
from syncs.import_profiles.amount_questions import settle_sides, settle_signs, settle_tax_rates
from syncs.import_profiles.constants import fill_constants
from syncs.import_profiles.documents import parse
from syncs.import_profiles.drafts import Books, Draft, field_of
from syncs.import_profiles.field_assignment import NUMBERS, ask_about_columns, assign_fields
from syncs.import_profiles.header_names import fingerprint
from syncs.import_profiles.inspected import Answers, Choice, InspectedColumn, Json, Question, Verdict
from syncs.import_profiles.key_questions import settle_keys, settle_references
from syncs.import_profiles.kinds import find_kinds
from syncs.import_profiles.known_names import ambiguous_names, layout_roles
from syncs.import_profiles.layout_questions import (
    drop_running_balance,
    replace_empty_payments,
    settle_company_parts,
    settle_groups,
    settle_kind,
    settle_money,
    settle_rate,
)
from syncs.import_profiles.layout_rules import record_rules
from syncs.import_profiles.mapping import match_column
from syncs.import_profiles.number_styles import judge_numbers, read_numbers
from syncs.import_profiles.own_lists import listed_kind
from syncs.import_profiles.profile import FORMAT, ImportProfile
from syncs.import_profiles.questions import AnswerError, Asker
from syncs.import_profiles.row_kinds import RowKinds, sort_rows
from syncs.import_profiles.style_questions import settle_styles, style_json
from syncs.import_profiles.tables import Column, Table
from syncs.import_profiles.value_questions import ask_about_values, settle_types

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an inspection proposes for one table. `document` is the profile as far as it is known."""

    table: Table
    draft: Draft
    document: Mapping[str, Json]
    ask: tuple[Question, ...]
    told: tuple[str, ...]
    columns: tuple[InspectedColumn, ...]

    @property
    def open_questions(self) -> tuple[Question, ...]:
        return tuple(question for question in self.ask if question.is_open)


def propose(table: Table, *, asker: Asker, books: Books, today: date) -> Proposal:
    """Find out what the table holds, and propose a profile for it. The asker may have questions on the file already."""
    _tell_layout(table, asker)
    found = settle_kind(table, find_kinds(table), asker)
    rows = _sort(table)
    draft = Draft(table, table.rows(rows.records), rows, found, asker, books, today)
    draft = _settle_totals(draft)
    assign_fields(draft)
    settle_styles(draft)
    drop_running_balance(draft)
    replace_empty_payments(draft)
    ask_about_columns(draft)
    types = settle_types(draft)
    ask_about_values(draft)
    settle_sides(draft)
    settle_tax_rates(draft)
    settle_money(draft)
    settle_groups(draft)
    settle_references(draft)
    settle_company_parts(draft)
    settle_keys(draft)
    settle_rate(draft)
    settle_signs(draft)
    fill_constants(draft)
    _tell_what_is_missing(draft)
    _tell_unused(draft)
    document = _document(draft, types)
    return Proposal(table, draft, document, _ordered(asker.questions), tuple(asker.told), _columns(draft, document))


def complete(
    proposal: Proposal, answers: Answers, *, name: str = "", confirmed_by: str = "", at: datetime | None = None
) -> ImportProfile:
    """The profile that the answers make. A question with a suggestion takes it where no answer is given.

    Raises AnswerError while a question is open, and ProfileError where the answers do not make a whole profile.
    """
    draft = proposal.draft
    asker = Asker({**draft.asker.answers, **answers}, [], [])
    again = propose(proposal.table, asker=asker, books=draft.books, today=draft.today)
    for question in again.open_questions:
        raise AnswerError(f"This is still open: {question.question}", question=question.id)
    document = {**again.document, "answers": [_answer_json(question) for question in again.ask]}
    if name:
        document["name"] = name[:LONGEST_NAME]
    if confirmed_by:
        stamp = (at or datetime.now(UTC)).isoformat().replace("+00:00", "Z")
        document["confirmed"] = {"by": confirmed_by, "at": stamp, "sample": proposal.table.file}
    return parse(document)


def _answer_json(question: Question) -> dict[str, Json]:
    return {"what": question.id, "answer": question.suggest, "evidence": question.show or question.question}


def _ordered(questions: list[Question]) -> tuple[Question, ...]:
    """Open questions first."""
    return tuple(sorted(questions, key=lambda question: not question.is_open))


def _sort(table: Table) -> RowKinds:
    """Which rows are records. The columns that look like amounts must add up in a row of totals."""
    if listed_kind(column.name for column in table.columns):
        return RowKinds(tuple(range(table.height)))

    def read_amounts() -> dict[int, list[Decimal | None]]:
        findings = {}
        for column in table.columns:
            if _may_be_amount(column):
                finding = judge_numbers(table.values(column), table.lines)
                if finding.cells and finding.fits:
                    findings[column.place] = finding
        decimal = next((finding.style for finding in findings.values() if finding.style), POINT)
        return {
            place: read_numbers(table.cells[str(place)].to_list(), finding.style or decimal)
            for place, finding in findings.items()
        }

    return sort_rows(table, read_amounts)


def _may_be_amount(column: Column) -> bool:
    for kind in ("Invoice", "InvoiceLine", "Payment", "JournalEntryLine", "FinancialAccountBalanceHistory"):
        match = match_column(column, kind, is_joined=True)
        if match is not None and field_of(kind, match.field).type in NUMBERS:
            return match.field not in ("currencyRate", "taxRate", "unitPrice")
    role = layout_roles().get(column.key)
    return role in ("moneyIn", "moneyOut") or ambiguous_names().get(column.key, ("",))[0] in (
        "amount",
        "total",
        "balance",
    )


def _settle_totals(draft: Draft) -> Draft:
    """Say which lines are totals and footers, and ask about those that only have a word of totals."""
    rows, asker, table = draft.rows, draft.asker, draft.whole
    if rows.totals:
        said = "is a total: its amounts are" if len(rows.totals) == 1 else "are totals: their amounts are"
        asker.tell(f"{_capital(table.lines_of(rows.totals))} {said} the sums of lines above.")
    if rows.footers:
        said = "is a footer" if len(rows.footers) == 1 else "are footers"
        asker.tell(f"{_capital(table.lines_of(rows.footers))} {said}.")
    if rows.groups:
        said = (
            "fills one cell only: the name of a group"
            if len(rows.groups) == 1
            else "fill one cell only: names of groups"
        )
        asker.tell(f"{_capital(table.lines_of(rows.groups))} {said}, not loaded.")
    skipped = []
    for place in rows.doubtful:
        line = table.lines[place]
        cells = [cell for cell in table.cells.row(place) if cell]
        answer = asker.ask(
            Question(
                id=f"total:{line}",
                what="total",
                question=f"Is line {line:,} a total, or a record?",
                verdict=Verdict.OPEN,
                show=", ".join(f"“{cell}”" for cell in cells[:4]),
                choices=(Choice("total", "A total: leave it out"), Choice("record", "A record: load it")),
            )
        )
        if answer == "total":
            skipped.append(place)
    records = tuple(place for place in rows.records if place not in skipped)
    rows = replace(rows, records=records, doubtful=tuple(skipped))
    return replace(draft, rows=rows, table=table.rows(records))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tell_layout(table: Table, asker: Asker) -> None:
    if table.sheet:
        asker.tell(f"The sheet is “{table.sheet}”.")
    if table.uneven:
        asker.tell(f"{table.uneven:,} lines have more cells than the header; they will be rejected.")
    if table.skipped_units:
        asker.tell(f"Line {table.skipped_units} says how the values are written and is left out.")
    for column in table.columns:
        if not column.name:
            letter = f"Column {column.place + 1} has no name"
            is_empty = not any(table.values(column))
            asker.tell(f"{letter} and is empty." if is_empty else f"{letter}, so it is not loaded. Name it to load it.")


def _tell_what_is_missing(draft: Draft) -> None:
    if "Invoice" in draft.kinds and not draft.is_filled("Invoice", "outstandingBalanceAmount"):
        draft.asker.tell("The file has no outstanding balance: it is left empty.")
    if "Invoice" in draft.kinds and not draft.is_filled("Invoice", "totalAmount"):
        draft.asker.tell("The file has no total of each invoice: it is left empty.")


def _tell_unused(draft: Draft) -> None:
    used = _used_columns(draft)
    unused = [column.name for column in draft.table.columns if column.name and column.place not in used]
    if unused:
        named = ", ".join(f"“{name}”" for name in unused[:10]) + (" and others" if len(unused) > 10 else "")
        draft.asker.tell(f"Not loaded: {named}.")


def _used_columns(draft: Draft) -> dict[int, list[str]]:
    """By the position of a column: the fields that it fills or takes part in."""
    used: dict[int, list[str]] = {}
    names = {column.name: column.place for column in reversed(draft.table.columns)}
    for kind in draft.kinds:
        for field, match in draft.fields.get(kind, {}).items():
            if field not in draft.sources.get(kind, {}):
                used.setdefault(match.column.place, []).append(f"{kind}.{field}")
        for field, source in draft.sources.get(kind, {}).items():
            for name in _names_in(source):
                if name in names:
                    used.setdefault(names[name], []).append(f"{kind}.{field}")
    for column in draft.table.columns:
        if draft.layout.name == "IN_AND_OUT" and layout_roles().get(column.key) in ("moneyIn", "moneyOut"):
            used.setdefault(column.place, []).append("Payment.paymentAmount")
        if draft.found.type_column is not None and column.place == draft.found.type_column.place:
            used.setdefault(column.place, [])
    return used


def _names_in(source: Json) -> list[str]:
    """The columns that a source names."""
    if isinstance(source, str):
        return [source]
    if isinstance(source, Mapping):
        named = [source["column"]] if "column" in source else []
        parts = [*source.get("join", []), *source.get("first", []), *source.get("sum", [])]
        return [*named, *(name for part in parts for name in _names_in(part))]
    return []


def _document(draft: Draft, types: Mapping[str, str]) -> dict[str, Json]:
    """The profile as far as it is known."""
    table = draft.table
    names = [column.name for column in table.columns if column.name]
    read: dict[str, Json] = {}
    if table.encoding:
        read["encoding"] = table.encoding
    if table.delimiter:
        read["delimiter"] = table.delimiter
    if table.sheet:
        read["sheet"] = table.sheet
    lines = list(table.header_lines)
    read["header"] = lines[0] if len(lines) == 1 else lines
    if skip := _skip(draft):
        read["skip"] = skip
    general, own = style_json(draft)
    document: dict[str, Json] = {
        "format": FORMAT,
        "name": (table.stem or table.file)[:LONGEST_NAME],
        "match": {"columns": names, "fingerprint": fingerprint(names)},
        "read": read,
        "styles": general,
    }
    if own:
        document["columns"] = own
    rules = record_rules(draft, types) if draft.kinds else []
    document["records"] = [rule for rule in rules if rule["fields"]]
    return document


def _skip(draft: Draft) -> list[Json]:
    """The lines that are no records: totals, footers, and what a person called a total."""
    rows, table = draft.rows, draft.whole
    skip: list[Json] = []
    if table.skipped_units:
        skip.append({"line": [table.skipped_units]})
    if rows.total_column is not None and rows.total_column.name:
        skip.append({"totals": rows.total_column.name})
    if rows.footers or rows.groups:
        kept = _always_filled(draft)
        if kept:
            skip.append({"empty": kept})
    if rows.doubtful:
        skip.append({"line": [table.lines[place] for place in rows.doubtful]})
    return skip


def _always_filled(draft: Draft) -> list[str]:
    """Columns that all records have filled, and none of the footers and groups: their keys and dates before others."""
    lonely = draft.whole.cells[[*draft.rows.footers, *draft.rows.groups]]
    fitting = []
    for column in draft.table.columns:
        cells = draft.table.cells[str(column.place)]
        if column.name and (cells != "").all() and (lonely[str(column.place)] == "").all():
            fitting.append(column)
    wanted = ("erpKey", "invoiceErpKey", "invoiceDate", "paymentDate", "sourcePostingDate")
    named = [column for column in fitting if any(match.field in wanted for match in draft.matches_of(column))]
    return [column.name for column in (named or fitting[:2])]


def _columns(draft: Draft, document: Mapping[str, Json]) -> tuple[InspectedColumn, ...]:
    """What is known about each column, for the page on which a person confirms it."""
    used = _used_columns(draft)
    found = []
    for column in draft.table.columns:
        matches = draft.matches_of(column)
        fields = tuple(dict.fromkeys(used.get(column.place, ())))
        style, evidence = _style_of(draft, column)
        is_sure = column.place in used and all(match.is_sure for match in matches)
        found.append(
            InspectedColumn(
                name=column.name,
                fields=fields,
                verdict=Verdict.SURE if is_sure else Verdict.LIKELY if fields else Verdict.OPEN,
                is_ignored=column.place not in used,
                style=style,
                evidence=evidence,
                samples=draft.table.samples(column),
            )
        )
    return tuple(found)


def _style_of(draft: Draft, column: Column) -> tuple[str, str]:
    if finding := draft.styles.dates.get(column.place):
        return finding.style, finding.evidence
    if finding := draft.styles.numbers.get(column.place):
        return finding.style, finding.evidence
    if flags := draft.styles.booleans.get(column.place):
        return " / ".join((*flags.true, *flags.false)), flags.finding.evidence
    return "", ""
