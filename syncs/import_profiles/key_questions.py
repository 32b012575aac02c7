"""What is asked about keys, and about columns that name other records."""

from dataclasses import replace

from syncs.import_profiles.drafts import Draft, field_in_words, fields_of
from syncs.import_profiles.findings import Example
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.kinds import Layout
from syncs.import_profiles.layout_rules import APPLICATIONS, column_with_role, contact_column, entry_columns
from syncs.import_profiles.mapping import Match, match_all
from syncs.import_profiles.tables import Column

REJECT = "reject"
LINE_KINDS = {"InvoiceLine": "invoiceErpKey", "JournalEntryLine": "journalEntryErpKey"}
# What says how documents settle each other, and the references that make the key of one.
LINE_WARNING = (
    "A line that is inserted in the source moves all lines below it; the lines of a document are then replaced as a "
    "whole."
)
NAME_WARNING = "A key made of a name breaks when the company is renamed."


def settle_keys(draft: Draft) -> None:
    """Ask what the key of each kind is, unless a column with a clear name is filled in and never repeats."""
    for kind in draft.kinds:
        if kind in LINE_KINDS:
            _entry_key(draft, kind)
            _line_key(draft, kind)
        elif kind == "Contact":
            _contact_key(draft)
        elif kind in ("Company", "Invoice", "Payment", "JournalEntry", *APPLICATIONS):
            _record_key(draft, kind)
    _tell_number_cells(draft)


def _record_key(draft: Draft, kind: str) -> None:
    match = draft.match(kind, "erpKey")
    if match is None:
        _without_key(draft, kind)
        return
    match = _one_of_several(draft, match)
    cells = draft.table.cells[str(match.column.place)]
    gaps = int((cells == "").sum())
    if gaps:
        _key_with_gaps(draft, match, gaps)
    elif draft.layout not in (Layout.GROUPED, Layout.JOURNAL) and cells.n_unique() < len(cells):
        _key_that_repeats(draft, match)


def _one_of_several(draft: Draft, chosen: Match) -> Match:
    """Where several columns are called a key and are filled in, which one is it? The other is a reference."""
    others = [
        match
        for match in match_all(draft.table.columns, chosen.kind).values()
        if match.field == "erpKey" and match.is_sure and match.column != chosen.column
        if _is_filled(draft, match.column)
    ]
    is_answered = any(draft.asker.answer(f"column:{one.column.name}") is not None for one in (chosen, *others))
    if not others or is_answered:
        return chosen
    columns = {match.column.name: match.column for match in (chosen, *others)}
    answer = _ask_key(
        draft,
        chosen.kind,
        suggest=chosen.column.name,
        show=f"{' and '.join(f'“{name}”' for name in columns)} are both called a key; other files may refer to either.",
        choices=tuple(Choice(name, name) for name in columns),
        column=chosen.column.name,
    )
    key = replace(chosen, column=columns[answer])
    draft.fields[chosen.kind]["erpKey"] = key
    for kind, reference in LINE_KINDS.items():
        if (line := draft.match(kind, reference)) and line.column.name in columns:
            draft.fields[kind][reference] = replace(line, column=key.column)
    rest = next(column for name, column in columns.items() if name != answer)
    if "referenceCode" in fields_of(chosen.kind) and not draft.is_filled(chosen.kind, "referenceCode"):
        draft.fields[chosen.kind]["referenceCode"] = replace(chosen, field="referenceCode", column=rest)
    return key


def _is_filled(draft: Draft, column: Column) -> bool:
    return bool((draft.table.cells[str(column.place)] != "").all())


def _ask_key(
    draft: Draft, kind: str, *, suggest: str | None, show: str, choices: tuple[Choice, ...], column: str = ""
) -> Json:
    return draft.asker.ask(
        Question(
            id=f"key:{kind}",
            what="key",
            question=f"Which key does each {kind} have? It must be filled in, belong to one record, and stay the same.",
            verdict=Verdict.OPEN if suggest is None else Verdict.LIKELY,
            suggest=suggest,
            show=show,
            column=column,
            kind=kind,
            field=f"{kind}.erpKey",
            choices=choices,
        )
    )


def _without_key(draft: Draft, kind: str) -> None:
    """No column is called a key: one that is filled in and never repeats may be it."""
    fitting = [
        column for column in draft.table.columns if _is_unique(draft, column) and not _holds_values(draft, column)
    ]
    named = draft.match(kind, "referenceCode") or draft.match("Invoice", "erpKey")
    first = named.column if named and named.column in fitting else None
    choices = []
    for column in sorted(fitting, key=lambda column: column is not first):
        is_name = any(match.field == "companyName" for match in draft.matches_of(column))
        label = f"{column.name}: filled in and different in all {draft.table.height:,} lines"
        choices.append(Choice(column.name, f"{label}. {NAME_WARNING}" if is_name else label))
    joined = _joined_key(draft, kind)
    if joined and first is None:
        choices.append(
            Choice(" + ".join(joined), " + ".join(joined).replace(" + #line", " and the number of the line"))
        )
    show = (
        f"{first.name}: filled in and different in {draft.table.height:,} of {draft.table.height:,} lines"
        if first
        else ""
    )
    suggest = first.name if first else " + ".join(joined) if joined and kind in APPLICATIONS else None
    answer = _ask_key(
        draft, kind, suggest=suggest, show=show, choices=tuple(choices), column=first.name if first else ""
    )
    if answer is None:
        return
    if answer == " + ".join(joined):
        draft.set_source(kind, "erpKey", {"join": joined, "with": "|"})
    else:
        draft.set_source(kind, "erpKey", answer)


def _is_unique(draft: Draft, column: Column) -> bool:
    cells = draft.table.cells[str(column.place)]
    return bool(column.key) and bool((cells != "").all()) and cells.n_unique() == len(cells)


def _holds_values(draft: Draft, column: Column) -> bool:
    """Whether the column has amounts or dates, which are no keys."""
    return column.place in draft.styles.numbers or column.place in draft.styles.dates


def ask_for_column(draft: Draft, kind: str, field: str) -> None:
    """Ask which column holds a key that no column was found for: it differs from record to record."""
    fitting = [column for column in draft.table.columns if column.key and not _holds_values(draft, column)]
    of = fields_of(kind)[field].of
    answer = draft.asker.ask(
        Question(
            id=f"key:{kind}.{field}",
            what="key",
            question=f"Which column holds {field_in_words(kind, field)}, which every {of} needs?",
            verdict=Verdict.OPEN,
            show="If none does, the file holds something else, or cannot be loaded.",
            kind=kind,
            field=field,
            choices=tuple(Choice(column.name, column.name) for column in fitting),
        )
    )
    if answer is not None:
        draft.set_source(kind, field, answer)


def _joined_key(draft: Draft, kind: str) -> list[str]:
    """The columns that make a key together, where none is one alone; nothing if there are no such columns."""
    if kind == "Payment":
        return _bank_line_key(draft)
    matches = [draft.match(kind, name) for name in APPLICATIONS.get(kind, ())]
    columns = [match.column for match in matches if match is not None and _is_filled(draft, match.column)]
    names = [str(column.place) for column in columns]
    if len(columns) < 2 or draft.table.cells.select(names).n_unique() < draft.table.height:
        return []
    return [column.name for column in columns]


def _bank_line_key(draft: Draft) -> list[str]:
    """What a line of a bank has instead of a key: date, amount and text, with a number that keeps equal ones apart."""
    names = ("paymentDate", "paymentAmount", "memoText")
    matches = [match for name in names if (match := draft.match("Payment", name))]
    # A key that is joined needs all of its parts.
    found = [match.column.name for match in matches if _is_filled(draft, match.column)]
    return [*found, "#line"] if len(found) > 1 else []


def _key_with_gaps(draft: Draft, match: Match, gaps: int) -> None:
    column, kind = match.column, match.kind
    name = draft.match(kind, "companyName") if kind == "Company" else None
    said = f"{column.name}, {gaps:,} of {draft.table.height:,} empty"
    choices = [Choice(REJECT, f"{column.name}; reject the {gaps:,} lines in which it is empty")]
    if name is not None:
        choices.insert(
            0, Choice(name.column.name, f"{column.name}; where it is empty, {name.column.name}. {NAME_WARNING}")
        )
    answer = _ask_key(
        draft,
        kind,
        suggest=str(choices[0].value) if name is not None else None,
        show=f"{said} → {name.column.name} there" if name is not None else said,
        choices=tuple(choices),
        column=column.name,
    )
    if answer and answer != REJECT:
        draft.set_source(kind, "erpKey", {"first": [column.name, answer]})


def _key_that_repeats(draft: Draft, match: Match) -> None:
    """A number that several records have: with the partner it may be a key."""
    column, kind = match.column, match.kind
    cells = draft.table.cells[str(column.place)]
    repeated = cells.filter(cells.is_duplicated())
    example = Example(repeated[0], draft.table.lines[cells.to_list().index(repeated[0])])
    partners = [
        found.column for name in ("companyErpKey", "customerErpKey") if (found := draft.match(kind, name)) is not None
    ]
    whole = draft.table.cells
    fitting = [one for one in partners if whole.select(str(column.place), str(one.place)).n_unique() == len(cells)]
    choices = [Choice(f"{column.name} + {one.name}", f"{column.name} with {one.name}") for one in fitting]
    choices.append(Choice(column.name, f"{column.name} alone: of several lines the last one counts"))
    answer = _ask_key(
        draft,
        kind,
        suggest=str(choices[0].value) if fitting else None,
        show=f"{column.name} repeats ({example}).",
        choices=tuple(choices),
        column=column.name,
    )
    for one in fitting:
        if answer == f"{column.name} + {one.name}":
            draft.set_source(kind, "erpKey", {"join": [column.name, one.name], "with": "|"})


def _entry_key(draft: Draft, kind: str) -> None:
    """A journal entry whose number may be that of an entry of another journal is known by both."""
    if draft.layout is Layout.JOURNAL and kind == "JournalEntryLine" and len(names := entry_columns(draft)) > 1:
        key: Json = {"join": names, "with": "-"}
        draft.set_source("JournalEntry", "erpKey", key)
        draft.set_source(kind, LINE_KINDS[kind], key)
        draft.asker.tell(f"Each journal may count for itself: an entry is known by “{names[0]}” and “{names[1]}”.")


def _line_key(draft: Draft, kind: str) -> None:
    number = draft.match(kind, LINE_KINDS[kind])
    if number is None:
        return
    names = entry_columns(draft) if draft.layout is Layout.JOURNAL else [number.column.name]
    document = " and ".join(names)
    if kind == "InvoiceLine" and not draft.is_filled(kind, "lineNumber"):
        draft.set_source(kind, "lineNumber", {"join": ["#n"]})
    match = draft.match(kind, "erpKey")
    if match is not None and _is_unique(draft, match.column):
        return
    line = draft.match(kind, "lineNumber")
    choices = [Choice("position", f"{document} and the position of the line. {LINE_WARNING}")]
    if line is not None:
        choices.insert(0, Choice("line number", f"{document} and {line.column.name}"))
    answer = _ask_key(
        draft,
        kind,
        suggest=str(choices[0].value),
        show=choices[0].label,
        choices=tuple(choices),
        column=number.column.name,
    )
    last = line.column.name if answer == "line number" and line is not None else "#n"
    draft.set_source(kind, "erpKey", {"join": [*names, last], "with": "-"})


def _contact_key(draft: Draft) -> None:
    """A person of a company: the company's key with the name."""
    if draft.layout is not Layout.COMPANY_AND_CONTACT:
        return
    names = [name for role in ("firstName", "lastName") if (name := column_with_role(draft, role))]
    company = draft.match("Company", "erpKey")
    key = draft.sources.get("Company", {}).get("erpKey") or (company.column.name if company else None)
    draft.set_source("Contact", "contactName", {"join": names, "with": " "})
    if key is None:
        return
    draft.set_source("Contact", "companyErpKey", key)
    first = company.column.name if company else str(key)
    draft.set_source("Contact", "erpKey", {"join": [first, contact_column(draft)], "with": "|"})


def _tell_number_cells(draft: Draft) -> None:
    """A key in a number cell of a workbook has lost the zeros that it may have begun with."""
    for kind in draft.kinds:
        for name, match in draft.fields.get(kind, {}).items():
            if name.endswith("ErpKey") or name == "erpKey":
                column = match.column
                if column.has_number_cells:
                    draft.asker.tell(f"“{column.name}” is a number cell: leading zeros would be lost.")


def settle_references(draft: Draft) -> None:
    """Ask about columns that name companies by their names, and say how many of them the books have."""
    asked: set[int] = set()
    for kind in draft.kinds:
        for name, match in list(draft.fields.get(kind, {}).items()):
            if match.by == "name":
                # Only companies can be found by their names.
                draft.asker.tell(f"“{match.column.name}” holds names, and no keys of {name}; it is not loaded.")
                del draft.fields[kind][name]
            elif match.by:
                by = draft.asker.answer(f"reference:{match.column.name}") if match.column.place in asked else None
                by = by or _reference(draft, match)
                asked.add(match.column.place)
                draft.fields[kind][name] = replace(match, by="" if by == "erpKey" else match.by)


def _reference(draft: Draft, match: Match) -> Json:
    column = match.column
    names = tuple(dict.fromkeys(value for value in draft.table.values(column) if value))
    by_name, by_key = set(draft.books.with_names(names)), set(draft.books.with_keys(names))
    found, suggest = (by_key, "erpKey") if len(by_key) > len(by_name) else (by_name, "companyName")
    missing = [name for name in names if name not in found]
    show = (
        f"By {'key' if suggest == 'erpKey' else 'company name'}, {len(names) - len(missing):,} of {len(names):,} found."
    )
    if missing:
        show += (
            f" Lines of “{missing[0]}” and others like it will be rejected."
            if len(missing) > 1
            else (f" Lines of “{missing[0]}” will be rejected.")
        )
    return draft.asker.ask(
        Question(
            id=f"reference:{column.name}",
            what="reference",
            question=f"How does “{column.name}” name a company?",
            verdict=Verdict.LIKELY,
            suggest=suggest,
            show=show,
            column=column.name,
            kind=match.kind,
            field=match.field,
            choices=(
                Choice("companyName", "By its name, which must be exactly the name of one company"),
                Choice("erpKey", "By its key"),
            ),
        )
    )
