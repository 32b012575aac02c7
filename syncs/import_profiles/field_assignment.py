"""Which column fills which field: by name, by what it holds, and as a person answered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from adsplatform.records.checks import quoted
from adsplatform.records.display import displayed_kinds
from syncs.import_profiles.boolean_styles import judge_booleans
from syncs.import_profiles.column_styles import Sum, count_sums
from syncs.import_profiles.date_styles import judge_dates
from syncs.import_profiles.document_words import known_value
from syncs.import_profiles.drafts import Draft, field_of, fields_of
from syncs.import_profiles.inspected import Choice, Question, Verdict
from syncs.import_profiles.kinds import MOST_TYPES, Layout, distinct_words
from syncs.import_profiles.known_names import ambiguous_names
from syncs.import_profiles.mapping import Match, by_field, match_all
from syncs.import_profiles.number_styles import judge_numbers
from syncs.import_profiles.own_lists import listed_fields, listed_kind
from syncs.import_profiles.questions import AnswerError
from syncs.import_profiles.tables import Column

NUMBERS, DATES = ("amount", "double", "integer"), ("date", "stamp")
# Fields whose columns need no question of their own: another one, on keys, values or the layout, is asked.
ASKED_ELSEWHERE = ("erpKey", "invoiceTypeCode", "paymentType", "tenderType", "invoiceStatusCode", "companyType")
LEAVE_OUT = ""


def assign_fields(draft: Draft) -> None:
    """Fill `draft.fields` from the names, the contents and the answers."""
    is_joined = len(draft.table.header.rows) > 1
    for kind in draft.kinds:
        matches = _listed(draft, kind) or match_all(draft.table.columns, kind, is_joined=is_joined)
        matches = {place: _by_content(draft, match) for place, match in matches.items()}
        matches = {place: match for place, match in matches.items() if match.field}
        _take_answers(draft, kind, matches)
        draft.fields[kind] = {name: _chosen(draft, found) for name, found in by_field(matches).items()}
    _find_company_type(draft)
    if draft.layout is Layout.GROUPED:
        _share_between_document_and_lines(draft)
    if draft.layout is Layout.COMPANY_AND_CONTACT:
        _share_between_company_and_contact(draft)


def _listed(draft: Draft, kind: str) -> dict[int, Match]:
    """The columns of a list that was downloaded here; none of another table."""
    columns = draft.table.columns
    if listed_kind(column.name for column in columns) != kind:
        return {}
    fields = listed_fields(kind)
    return {
        column.place: Match(column, kind, fields[column.name.strip()], Verdict.SURE)
        for column in columns
        if column.name.strip() in fields
    }


def _find_company_type(draft: Draft) -> None:
    """A column whose words are all for customers and vendors says what a company is, whatever it is called."""
    fields = draft.fields.get("Company")
    if fields is None or "companyType" in fields:
        return
    taken = {match.column.place for match in fields.values()}
    for column in draft.table.columns:
        words = distinct_words(draft.table, column, MOST_TYPES) if column.place not in taken else []
        if words and all(known_value("companyType", word) for word in words):
            fields["companyType"] = Match(column, "Company", "companyType", Verdict.LIKELY)
            return


def _by_content(draft: Draft, match: Match) -> Match:
    """The match, unless the column's cells show that it is another one."""
    cells = draft.table.values(match.column)
    if match.kind == "Invoice" and match.field in ("companyErpKey", "outstandingBalanceAmount", "invoiceStatusCode"):
        flags = judge_booleans(cells, draft.table.lines)
        if flags.finding.verdict in (Verdict.SURE, Verdict.LIKELY) and flags.finding.cells:
            # “Payée: oui, non” speaks of a state, and does not name a payee.
            return replace(match, field="invoiceStatusCode", by="", verdict=Verdict.LIKELY)
    if match.verdict is Verdict.LIKELY and field_of(match.kind, match.field).type in DATES:
        match = _without_dates(draft, match)
    if match.verdict is Verdict.LIKELY and field_of(match.kind, match.field).type in NUMBERS:
        numbers = judge_numbers(cells, draft.table.lines)
        if numbers.cells and not numbers.fits:
            return replace(match, field="")
    if match.field == "invoiceStatusCode" and match.column.key in ambiguous_names():
        return replace(match, field="")
    return match


def _without_dates(draft: Draft, match: Match) -> Match:
    """The match, or one with the next field that the name may stand for if the cells are no dates."""
    cells, lines = draft.table.values(match.column), draft.table.lines
    if not match.others or judge_dates(cells, lines, draft.today).verdict is not Verdict.REFUSED:
        return match
    unfit = DATES if judge_numbers(cells, lines).fits else (*DATES, *NUMBERS)
    fitting = [name for name in match.others if field_of(match.kind, name).type not in unfit]
    return replace(match, field=fitting[0], others=(match.field,)) if fitting else match


def _take_answers(draft: Draft, kind: str, matches: dict[int, Match]) -> None:
    """What a person answered about a column replaces what its name says."""
    for column in draft.table.columns:
        answer = draft.asker.answer(f"column:{column.name}")
        if answer is None:
            continue
        named = matches.pop(column.place, None)
        for name in _fields_in(draft, kind, column, str(answer)):
            # A second field of the same column is a match of its own.
            place = column.place if column.place not in matches else -len(matches) - 1
            is_confirmed = named is not None and named.field == name
            matches[place] = (
                replace(named, verdict=Verdict.SURE)
                if is_confirmed and named is not None
                else Match(column, kind, name, Verdict.SURE)
            )


def _fields_in(draft: Draft, kind: str, column: Column, answer: str) -> Iterator[str]:
    """The fields of the kind that an answer about a column, such as “Invoice.totalAmount, paymentAmount”, names."""
    for text in answer.split(","):
        owner, _, name = text.strip().rpartition(".")
        if not name:
            continue
        if not any(name in fields_of(one) for one in draft.kinds if owner in ("", one)):
            raise AnswerError(
                f"{quoted(text.strip())} is no field of {' or '.join(draft.kinds)}.", question=f"column:{column.name}"
            )
        if owner in ("", kind) and name in fields_of(kind):
            yield name


def _chosen(draft: Draft, found: Sequence[Match]) -> Match:
    """Of several columns for one field: one that is answered, sure, filled in, and names a key."""
    if len(found) == 1:
        return found[0]
    if found[0].field == "erpKey":
        return max(found, key=lambda match: (_is_answered(draft, match), *_as_key(draft, match), match.is_sure))
    return max(
        found,
        key=lambda match: (_is_answered(draft, match), match.is_sure, not match.by, _share_filled(draft, match.column)),
    )


def _is_answered(draft: Draft, match: Match) -> bool:
    return draft.asker.answer(f"column:{match.column.name}") is not None


def _as_key(draft: Draft, match: Match) -> tuple[bool, bool]:
    """Whether the column is filled in each row, and whether no value repeats."""
    cells = draft.table.cells[str(match.column.place)]
    return bool((cells != "").all()), cells.n_unique() == len(cells)


def _share_filled(draft: Draft, column: Column) -> float:
    cells = draft.table.cells[str(column.place)]
    return float((cells != "").sum()) / max(1, len(cells))


def _share_between_document_and_lines(draft: Draft) -> None:
    """A column that may be of the invoice or of its line is of the invoice if it is the same in all its rows."""
    document, line = draft.fields.get("Invoice", {}), draft.fields.get("InvoiceLine", {})
    number = document.get("erpKey") or line.get("invoiceErpKey")
    if number is None:
        return
    document.setdefault("erpKey", replace(number, kind="Invoice", field="erpKey"))
    line["invoiceErpKey"] = replace(number, kind="InvoiceLine", field="invoiceErpKey")
    of_lines = {match.column.place: name for name, match in line.items() if name != "invoiceErpKey"}
    for name, match in list(document.items()):
        if name == "erpKey" or match.column.place not in of_lines:
            continue
        varies = varies_within(draft, number.column, match.column)
        own_name = match.is_sure and not line[of_lines[match.column.place]].is_sure
        if varies or not own_name:
            del document[name]
        else:
            line.pop(of_lines[match.column.place])


# What a person has of their own, beside the company.
_OF_CONTACT = ("contactCode", "title", "roleCode", "emailAddress", "isActive")


def _share_between_company_and_contact(draft: Draft) -> None:
    """The name is the company's, as the answer on the kind says; the address is, too."""
    company, contact = draft.fields["Company"], draft.fields["Contact"]
    if name := company.get("companyName"):
        company["companyName"] = replace(name, verdict=Verdict.SURE)
    draft.fields["Contact"] = {field: match for field, match in contact.items() if field in _OF_CONTACT}


def varies_within(draft: Draft, number: Column, column: Column) -> bool:
    """Whether a column has different values in rows with the same number; empty cells do not count."""
    frame = draft.table.cells.select(str(number.place), str(column.place)).rename(
        {str(number.place): "number", str(column.place): "value"}
    )
    filled = frame.filter(frame["value"] != "")
    return bool((filled.group_by("number").n_unique()["value"] > 1).any())


def ask_about_columns(draft: Draft) -> None:
    """Ask about columns whose name alone does not tell which field they fill."""
    is_joined = len(draft.table.header.rows) > 1
    for column in draft.table.columns:
        matches = draft.matches_of(column)
        unsure = [match for match in matches if match.verdict is Verdict.LIKELY]
        answered = draft.asker.answer(f"column:{column.name}") is not None
        if is_joined and not answered:
            continue
        if not answered and (not unsure or all(match.field in ASKED_ELSEWHERE for match in unsure)):
            continue
        finding = draft.styles.dates.get(column.place)
        if not answered and finding is not None and finding.verdict is not Verdict.SURE:
            continue
        draft.asker.ask(_column_question(draft, column, matches))
    _ask_about_rivals(draft)


def _ask_about_rivals(draft: Draft) -> None:
    """A second column of a field's name is left out unless a person says otherwise."""
    for kind in draft.kinds:
        for match in match_all(draft.table.columns, kind).values():
            winner = draft.match(kind, match.field)
            if winner is None or not match.is_sure or match.by or match.field.lower().endswith("erpkey"):
                continue
            if draft.matches_of(match.column) or not any(draft.table.values(match.column)):
                continue
            if draft.asker.answer(f"column:{match.column.name}") is not None or winner.column == match.column:
                continue
            draft.asker.ask(
                Question(
                    id=f"column:{match.column.name}",
                    what="column",
                    question=f"What does the column “{match.column.name}” hold?",
                    verdict=Verdict.LIKELY,
                    suggest=LEAVE_OUT,
                    show=f"“{winner.column.name}” already fills {match.field}.",
                    column=match.column.name,
                    kind=kind,
                    choices=(Choice(LEAVE_OUT, "Leave it out"), Choice(match.field, match.field)),
                    is_free=True,
                )
            )


def _column_question(draft: Draft, column: Column, matches: Sequence[Match]) -> Question:
    names = list(dict.fromkeys(match.field for match in matches))
    if "paymentDate" in names and "postDate" not in names and draft.match("Payment", "postDate") is None:
        names.append("postDate")
    suggest = ", ".join(names)
    others = [other for match in matches for other in match.others if other not in names]
    values = list(dict.fromkeys((suggest, *names, *others, LEAVE_OUT)))
    return Question(
        id=f"column:{column.name}",
        what="column",
        question=f"What does the column “{column.name}” hold?",
        verdict=Verdict.LIKELY,
        suggest=suggest,
        show=_shown_sum(draft, column) or ", ".join(f"“{value}”" for value in draft.table.samples(column)),
        column=column.name,
        kind=", ".join(dict.fromkeys(match.kind for match in matches)),
        field=suggest,
        choices=tuple(Choice(value, _in_words(matches, value) if value else "Leave it out") for value in values),
        is_free=True,
    )


def _in_words(matches: Sequence[Match], fields: str) -> str:
    """The fields of an answer as people call them, and their names."""
    kinds = list(dict.fromkeys(match.kind for match in matches))
    labels = [
        displayed_kinds()[kind].label_of(fields_of(kind)[name].name)
        for name in fields.split(", ")
        for kind in [next((kind for kind in kinds if name in fields_of(kind)), "")]
        if kind
    ]
    return f"{' and '.join(dict.fromkeys(labels))} ({fields})" if labels else fields


def _shown_sum(draft: Draft, column: Column) -> str:
    for sum_of in sums_of(draft):
        if column in (sum_of.second, sum_of.total):
            right, lines = count_sums(draft.table, sum_of, draft.styles, open_as=draft.styles.decimal or ".")
            if right:
                names = (sum_of.first.name, sum_of.second.name, sum_of.total.name)
                return f"{names[0]} + {names[1]} = {names[2]} in {right:,} of {lines:,} lines"
    return ""


def sums_of(draft: Draft) -> Iterator[Sum]:
    """The columns that should add up: net and tax to the total, of each kind that has all three."""
    for kind in draft.kinds:
        columns = [draft.match(kind, name) for name in ("netAmount", "salesTaxAmount", "totalAmount")]
        if all(columns):
            net, tax, total = (match.column for match in columns if match)
            if len({net.place, tax.place, total.place}) == 3:
                yield Sum(net, tax, total)
