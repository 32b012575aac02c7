"""What is asked and said about how numbers, dates and flags are written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from adsplatform.records.number_styles import APOSTROPHES, COMMA, POINT
from syncs.import_profiles.boolean_styles import MARKS
from syncs.import_profiles.column_styles import judge_styles, read_days
from syncs.import_profiles.constants import LANGUAGES
from syncs.import_profiles.date_styles import excel_day
from syncs.import_profiles.drafts import Draft, field_of
from syncs.import_profiles.field_assignment import DATES, LEAVE_OUT, NUMBERS, sums_of
from syncs.import_profiles.findings import Finding
from syncs.import_profiles.header_names import normal_form
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.profile import DATE_PATTERNS
from syncs.import_profiles.tables import Column

MARK_NAMES = {POINT: "a decimal point", COMMA: "a decimal comma"}
ISO = "YYYY-MM-DD"
_BLANK_NAMES = {" ": "blank", "\u00a0": "no-break space (U+00A0)", "\u202f": "narrow no-break space (U+202F)"}


def settle_styles(draft: Draft) -> None:
    """Judge the columns' styles, ask what is not sure, and say what was decided by which cell."""
    due = _due_after(draft)
    draft.styles = judge_styles(
        draft.table,
        numbers=draft.columns_of_type(*NUMBERS),
        dates=draft.columns_of_type(*DATES),
        booleans=draft.columns_of_type("boolean"),
        today=draft.today,
        sums=list(sums_of(draft)),
        due_after=due,
    )
    for column in draft.columns_of_type(*DATES):
        _settle_dates(draft, column)
    for column in draft.columns_of_type(*NUMBERS):
        _settle_numbers(draft, column)
    _ask_about_whole_numbers(draft)
    for column in draft.columns_of_type("boolean"):
        _settle_flags(draft, column)
    _tell_numbers(draft)
    _tell_dates(draft)


def _ask_about_whole_numbers(draft: Draft) -> None:
    """Where all amounts are whole, a later file may still have decimals, and they must not be read the wrong way."""
    findings = [draft.styles.numbers[column.place] for column in draft.columns_of_type("amount", "double")]
    is_decided = bool(draft.styles.decimal) or any(finding.verdict in UNDECIDED for finding in findings)
    if is_decided or not any(finding.cells for finding in findings):
        return
    words = {word for column in draft.table.columns for word in normal_form(column.name).split()}
    is_foreign = any(words & set(known.split()) for _, known in LANGUAGES)
    answer = draft.asker.ask(
        Question(
            id="numbers",
            what="numbers",
            question="All amounts are whole. If one has decimals, do they stand behind a point or a comma?",
            verdict=Verdict.LIKELY,
            suggest=COMMA if is_foreign else POINT,
            show="The columns’ names are in a language that writes so.",
            choices=(Choice(POINT, "A decimal point: 12.50"), Choice(COMMA, "A decimal comma: 12,50")),
        )
    )
    draft.styles.confirmed_decimal = str(answer)


def _due_after(draft: Draft) -> tuple[Column, Column] | None:
    first, second = draft.match("Invoice", "invoiceDate"), draft.match("Invoice", "paymentDueDate")
    return (first.column, second.column) if first and second else None


def _settle_numbers(draft: Draft, column: Column) -> None:
    finding = draft.styles.numbers[column.place]
    id = f"numbers:{column.name}"
    asks = finding.verdict in (Verdict.OPEN, Verdict.LIKELY, Verdict.MIXED) or draft.asker.answer(id) is not None
    if finding.verdict is Verdict.REFUSED:
        draft.asker.tell(f"{column.name}: {finding.reason}")
    if asks:
        answer = draft.asker.ask(
            Question(
                id=id,
                what="numbers",
                question=f"Do the numbers in “{column.name}” have a decimal point or a decimal comma?",
                verdict=finding.verdict,
                suggest=finding.style or None,
                show=finding.reason
                if finding.verdict is not Verdict.MIXED
                else f"{finding.reason} {finding.evidence}.",
                column=column.name,
                choices=tuple(Choice(mark, _as_read(finding, mark)) for mark in (POINT, COMMA)),
            )
        )
        if answer:
            finding = replace(finding, verdict=Verdict.SURE, style=answer, thousands=_groups(finding, answer))
        else:
            finding = replace(finding, style="")
        draft.styles.numbers[column.place] = finding
    _settle_empty_words(draft, column, finding)


def _groups(finding: Finding, mark: str) -> tuple[str, ...]:
    other = COMMA if mark == POINT else POINT
    return tuple(dict.fromkeys((other, *(one for one in finding.thousands if one not in (POINT, COMMA)))))


def _as_read(finding: Finding, mark: str) -> str:
    name = MARK_NAMES[mark].removeprefix("a ").capitalize()
    if finding.example is None:
        return name
    text = finding.example.value
    value = text.replace(COMMA if mark == POINT else POINT, "").replace(COMMA, POINT)
    return f"{name}: {text} is {value}"


def _settle_empty_words(draft: Draft, column: Column, finding: Finding) -> None:
    """Words for nothing, such as n/a, are read as empty once that is confirmed."""
    if not finding.empty_words:
        return
    words = ", ".join(f"“{word}”" for word in finding.empty_words)
    answer = draft.asker.ask(
        Question(
            id=f"empty:{column.name}",
            what="empty",
            question=f"Is {words} in “{column.name}” the same as an empty cell?",
            verdict=Verdict.LIKELY,
            suggest=True,
            show="It is no number and no date.",
            column=column.name,
            choices=(Choice(True, "Yes, it is empty"), Choice(False, "No, reject these lines")),
        )
    )
    if answer is True:
        draft.empty_words[column.place] = finding.empty_words


def _settle_dates(draft: Draft, column: Column) -> None:
    finding = draft.styles.dates[column.place]
    finding = replace(
        finding,
        style=READ_AS.get(finding.style, finding.style),
        choices=tuple(READ_AS.get(choice, choice) for choice in finding.choices),
    )
    if finding.style and finding.style not in DATE_PATTERNS:
        reason = f"Dates written {finding.style} cannot be read. Export them as {ISO}, or leave the column out."
        finding = replace(finding, verdict=Verdict.REFUSED, style="", choices=(), reason=reason)
    choices = tuple(choice for choice in finding.choices if choice in DATE_PATTERNS)
    id = f"dates:{column.name}"
    if finding.verdict is not Verdict.SURE or draft.asker.answer(id) is not None:
        possible = [Choice(pattern, _date_label(finding, pattern)) for pattern in choices or DATE_PATTERNS_SHOWN]
        if not _is_needed(draft, column):
            possible.append(Choice(LEAVE_OUT, "Leave the column out"))
        answer = draft.asker.ask(
            Question(
                id=id,
                what="dates",
                question=f"How are the dates in “{column.name}” written?",
                verdict=finding.verdict if finding.verdict is not Verdict.SURE else Verdict.LIKELY,
                suggest=finding.style or None,
                show=_shown_dates(draft, column, finding),
                column=column.name,
                choices=tuple(possible),
            )
        )
        if answer == LEAVE_OUT:
            _leave_out(draft, column)
        finding = replace(finding, style=answer or "")
        if answer:
            finding = replace(finding, verdict=Verdict.SURE)
    draft.styles.dates[column.place] = finding
    _settle_empty_words(draft, column, finding)


# Patterns that a profile reads under the name of another one.
READ_AS = {"YYYY/MM/DD": ISO, "YYYY.MM.DD": ISO, "DD-MMM-YY": "DD-MMM-YYYY"}
DATE_PATTERNS_SHOWN = (ISO, "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "YYYYMMDD")


def _is_needed(draft: Draft, column: Column) -> bool:
    return any(field_of(match.kind, match.field).is_needed_where_new for match in draft.matches_of(column))


def _leave_out(draft: Draft, column: Column) -> None:
    for kind, fields in draft.fields.items():
        draft.fields[kind] = {name: match for name, match in fields.items() if match.column.place != column.place}


def _date_label(finding: Finding, pattern: str) -> str:
    example = finding.example.value if finding.example else ""
    if pattern in ("excel", "excel1904") and example:
        serial = int(example.partition(".")[0]) + (1_462 if pattern == "excel1904" else 0)
        name = "Excel’s day numbers" if pattern == "excel" else "Day numbers from 1904"
        return f"{name}: {example} is {excel_day(serial)}"
    days = read_days([example], pattern) if example else [None]
    return f"{pattern}: {example} is {_spelled(days[0])}" if days[0] else pattern


def _spelled(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _shown_dates(draft: Draft, column: Column, finding: Finding) -> str:
    """The evidence; for open dates the first records in both readings, for day numbers the date beside them."""
    if finding.verdict is Verdict.OPEN and len(finding.choices) > 1:
        return "; ".join(_both_readings(draft, column, finding.choices)) or finding.reason
    if finding.style == "excel" and (distance := _distance(draft, column)):
        return f"{finding.reason} {distance}"
    return finding.evidence or finding.reason


def _both_readings(draft: Draft, column: Column, choices: Sequence[str]) -> list[str]:
    """“S-900: 3 April or March 4, 2025”."""
    key = next((match for kind in draft.kinds if (match := draft.match(kind, "erpKey"))), None)
    values = draft.table.values(column)
    names = draft.table.values(key.column) if key else values
    read = [read_days(values, choice) for choice in choices]
    shown: dict[str, str] = {}
    for name, value, *days in zip(names, values, *read, strict=True):
        if value not in shown and all(days) and len(set(days)) > 1:
            shown[value] = f"{name}: " + " or ".join(_spelled(day) for day in days if day)
    return list(shown.values())[:3]


def _distance(draft: Draft, column: Column) -> str:
    """Whether all days are equally many days after those of another column."""
    serials = [int(value) if value.isdigit() else None for value in draft.table.values(column)]
    for other in draft.columns_of_type(*DATES):
        finding = draft.styles.dates[other.place]
        if other.place == column.place or finding.verdict is not Verdict.SURE or not finding.style:
            continue
        days = read_days(draft.table.values(other), finding.style)
        apart = {(excel_day(serial) - day).days for serial, day in zip(serials, days, strict=True) if serial and day}
        if len(apart) == 1:
            return f"Each is {apart.pop()} days after “{other.name}”."
    return ""


def _settle_flags(draft: Draft, column: Column) -> None:
    found = draft.styles.booleans[column.place]
    if found.finding.verdict is Verdict.SURE and draft.asker.answer(f"booleans:{column.name}") is None:
        return
    words = tuple(dict.fromkeys(value for value in draft.table.values(column) if value))
    if len(words) > 12:
        draft.asker.tell(f"“{column.name}” has more values than yes and no, so it is not loaded.")
        _leave_out(draft, column)
        return
    is_likely = found.finding.verdict is Verdict.LIKELY
    meant = {word: True if word in found.true else False if word in found.false else None for word in words}
    answer = draft.asker.ask(
        Question(
            id=f"booleans:{column.name}",
            what="booleans",
            question=f"Which words of “{column.name}” mean yes, which mean no?",
            verdict=found.finding.verdict,
            suggest=meant if is_likely else None,
            show=found.finding.reason,
            column=column.name,
            choices=(Choice(True, "yes"), Choice(False, "no")),
            words=words,
        )
    )
    if isinstance(answer, dict):
        true = tuple(word for word in words if answer.get(word) is True)
        false = tuple(word for word in words if answer.get(word) is False)
        draft.styles.booleans[column.place] = replace(found, true=true, false=false)
        if len(words) == 1 and true and words[0].lower() in MARKS and "" in draft.table.values(column):
            _take_gaps_for_no(draft, column)


def _take_gaps_for_no(draft: Draft, column: Column) -> None:
    """Where a mark means yes, an empty cell means no."""
    for match in draft.matches_of(column):
        marked: Json = {"column": column.name, "inverted": True} if match.is_inverted else column.name
        draft.set_source(match.kind, match.field, {"first": [marked, {"constant": match.is_inverted}]})


def _tell_numbers(draft: Draft) -> None:
    """Which cell decided the decimal mark, and what is unusual."""
    proven = [
        (column, finding)
        for column in draft.columns_of_type(*NUMBERS)
        if (finding := draft.styles.numbers[column.place]).proofs and finding.style == draft.styles.decimal
    ]
    if proven:
        column, finding = max(proven, key=lambda pair: _marks_in(pair[1]))
        mark = MARK_NAMES[finding.style].removeprefix("a ").capitalize()
        line = f" in line {finding.example.line}" if finding.example and finding.example.line else ""
        value = finding.example.value if finding.example else ""
        draft.asker.tell(
            f"{mark}: “{value}”{line} decides ({finding.proofs:,} of {finding.cells:,} cells of “{column.name}” prove "
            "it, none is against it)."
        )
    findings = [draft.styles.numbers[column.place] for column in draft.columns_of_type(*NUMBERS)]
    marks = tuple(dict.fromkeys(mark for finding in findings for mark in finding.thousands))
    if apostrophes := [mark for mark in marks if mark in APOSTROPHES]:
        draft.asker.tell(f"Apostrophes ({' and '.join(apostrophes)}) are thousands separators.")
    if blanks := [_BLANK_NAMES.get(mark, f"U+{ord(mark):04X}") for mark in marks if mark.isspace()]:
        draft.asker.tell(f"Blanks between digits are thousands separators: {', '.join(blanks)}.")
    for finding in findings:
        for remark in finding.remarks:
            draft.asker.tell(remark)


def _marks_in(finding: Finding) -> int:
    return sum(not character.isdigit() for character in finding.example.value) if finding.example else 0


def _tell_dates(draft: Draft) -> None:
    """Which cell decided the order of dates, once for each pattern."""
    days = {column.place for column in draft.columns_of_type("date")}
    for column in draft.columns_of_type(*DATES):
        finding = draft.styles.dates[column.place]
        if finding.verdict is Verdict.SURE and finding.proofs and finding.example:
            said = f"Dates are written {finding.style}: “{finding.example.value}”"
            if not any(told.startswith(said.partition(":")[0] + ":") for told in draft.asker.told):
                line = f" in line {finding.example.line}" if finding.example.line else ""
                draft.asker.tell(f"{said}{line} decides ({finding.proofs:,} of {finding.cells:,} in “{column.name}”).")
        elif finding.verdict is Verdict.OPEN and len(finding.choices) > 1:
            draft.asker.tell(f"No part of a date in “{column.name}” decides; nothing is loaded before the answer.")
        # The first remark is that on times, which only a day leaves out.
        keeps_times = column.place not in days and "has_time" in finding.flags
        for remark in finding.remarks[1:] if keeps_times else finding.remarks:
            draft.asker.tell(remark)


def style_json(draft: Draft) -> tuple[dict[str, Json], dict[str, dict[str, Json]]]:
    """The styles of the file, and of those columns that are written otherwise. What is open is absent."""
    styles = draft.styles
    decimal = styles.decimal or POINT
    pattern = styles.date_pattern
    number_columns, date_columns = draft.columns_of_type(*NUMBERS), draft.columns_of_type(*DATES)
    general: dict[str, Json] = {"decimal": decimal}
    undecided = [column for column in number_columns if styles.numbers[column.place].verdict in UNDECIDED]
    if undecided and not styles.decimal:
        del general["decimal"]
    groups = [mark for column in number_columns for mark in styles.numbers[column.place].thousands]
    if styles.decimal:
        groups.insert(0, COMMA if decimal == POINT else POINT)
    if marks := list(dict.fromkeys(mark for mark in groups if mark != decimal)):
        general["thousands"] = marks
    wholes = [mark for column in number_columns for mark in styles.numbers[column.place].whole_marks]
    if wholes:
        general["wholeMark"] = list(dict.fromkeys(wholes))
    if any(styles.numbers[column.place].currencies for column in number_columns):
        general["currencyInCell"] = True
    if pattern or not any(styles.dates[column.place].verdict in UNDECIDED for column in date_columns):
        general["dates"] = pattern or ISO
    flags = [styles.booleans[column.place] for column in draft.columns_of_type("boolean")]
    general["true"] = list(dict.fromkeys([word for flag in flags for word in flag.true] or ["true"]))
    general["false"] = list(dict.fromkeys([word for flag in flags for word in flag.false] or ["false"]))
    own: dict[str, dict[str, Json]] = {}
    for column in number_columns:
        mark = styles.numbers[column.place].style
        if mark and mark != decimal:
            own.setdefault(column.name, {}).update(
                decimal=mark, thousands=list(_groups(styles.numbers[column.place], mark))
            )
    for column in date_columns:
        if (found := styles.dates[column.place].style) and found != pattern:
            own.setdefault(column.name, {})["dates"] = found
    names = {column.place: column.name for column in draft.table.columns}
    for place, words in draft.empty_words.items():
        own.setdefault(names[place], {})["empty"] = list(words)
    return general, own


UNDECIDED = (Verdict.OPEN, Verdict.MIXED)
