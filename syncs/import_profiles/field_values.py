"""The value of a record's field in each row, from the file's own columns."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import NamedTuple, Protocol

import polars as pl

from adsplatform.records.checks import quoted
from adsplatform.records.specification import Column
from syncs.import_profiles.cell_values import (
    SIGN_MEANS,
    BooleanReader,
    DateReader,
    NumberReader,
    ReadCells,
    Unfit,
    explain_date,
    explain_number,
    total,
)
from syncs.import_profiles.header_names import key_of
from syncs.import_profiles.own_rows import OwnRows, without_blanks
from syncs.import_profiles.profile import (
    OTHERWISE,
    ColumnSource,
    Constant,
    ConstantSource,
    DebitCreditSource,
    FirstSource,
    JoinSource,
    Source,
    Style,
    SumSource,
)

NUMBERS, DATES = ("amount", "double", "integer"), ("date", "stamp")


@dataclass(slots=True)
class CellFault:
    """Why a row cannot become a record: the file's own column and value, and a sentence."""

    row: int
    column: str
    value: str
    unfit: Unfit

    @property
    def message(self) -> str:
        return f"{self.column}: {self.unfit.message}" if self.column else self.unfit.message


class Values(NamedTuple):
    """The values of a field by row as texts of ours, null where empty, and the faults of rows."""

    texts: pl.Series
    faults: list[CellFault]


class NamesFinder(Protocol):
    """Finds the keys of companies by another of their fields."""

    def keys_of(self, field: str, names: pl.Series) -> tuple[pl.Series, dict[int, Unfit]]:
        """The key of the company that has each name, and why a name leads to none, by its row."""


@dataclass
class FieldReader:
    """Reads the fields of records from rows of one file; readers of columns are made once."""

    names: NamesFinder | None = None
    _numbers: dict[Style, NumberReader] = field(default_factory=dict)
    _dates: dict[tuple[Style, bool, bool], DateReader] = field(default_factory=dict)
    _booleans: dict[tuple[Style, bool, bool], BooleanReader] = field(default_factory=dict)

    def read(self, source: Source, column: Column, rows: OwnRows, *, is_key: bool = False) -> Values:
        """The values of a field. A key that is joined from parts needs all of them (`is_key`)."""
        match source:
            case ConstantSource(constant):
                return Values(pl.repeat(constant_text(constant), len(rows), dtype=pl.String, eager=True), [])
            case ColumnSource():
                return self._of_column(source, column, rows)
            case JoinSource():
                return Values(_joined(source, rows, needs_all=is_key), [])
            case FirstSource(first):
                return _first([self.read(one, column, rows, is_key=is_key) for one in first])
            case SumSource(columns):
                return self._sum([self.numbers(name, rows) for name in columns], len(rows))
            case DebitCreditSource(debit, credit):
                return self._debit_or_credit(debit, credit, rows)

    def numbers(self, name: str, rows: OwnRows, cells: pl.Series | None = None) -> Values:
        """The numbers of one column, or of its `cells` without what stands beside the numbers."""
        style = rows.file.profile.style_of(name)
        cells = rows.filled(name) if cells is None else cells
        return _values(
            self.number_reader(style).read(cells), name, rows, cells, lambda cell: explain_number(cell, style)
        )

    def number_reader(self, style: Style) -> NumberReader:
        """The reader of numbers in a style."""
        return self._numbers.get(style) or self._numbers.setdefault(style, NumberReader(style))

    def _of_column(self, source: ColumnSource, column: Column, rows: OwnRows) -> Values:
        name = source.column
        if source.values is not None:
            return _mapped(source, rows)
        if source.by:
            return self._by_name(source, rows)
        if source.currency:
            return self._currencies(source, rows)
        if column.type in NUMBERS:
            return self.signed(source, rows)
        style = rows.file.profile.style_of(name)
        if column.type not in (*DATES, "boolean"):
            # A text stays as it is, with its blanks.
            return Values(rows.filled(name) if style.empty else rows.column(name), [])
        if column.type in DATES:
            cells = rows.column(name)
            with_time = column.type == "stamp"
            key = (style, with_time, rows.is_sheet)
            dates = self._dates.get(key) or self._dates.setdefault(
                key, DateReader(style, with_time=with_time, from_sheet=rows.is_sheet)
            )
            return _values(dates.read(cells), name, rows, cells, lambda cell: explain_date(cell, style))
        cells = rows.filled(name)
        key = (style, rows.is_sheet, source.inverted)
        booleans = self._booleans.get(key) or self._booleans.setdefault(
            key, BooleanReader(style, from_sheet=rows.is_sheet, inverted=source.inverted)
        )
        return _values(booleans.read(cells), name, rows, cells, booleans.explain)

    def signed(self, source: ColumnSource, rows: OwnRows) -> Values:
        """The numbers of a column with the sign that the source gives them."""
        cells = signs = None
        if source.sign_column:
            signs = rows.filled(source.sign_column).fill_null("").str.to_lowercase()
            if key_of(source.sign_column) == key_of(source.column):
                cells, signs = _sides_apart(source, rows)
        if source.percent:
            cells = rows.filled(source.column).str.replace(r"\s*%$", "")
        texts, faults = self.numbers(source.column, rows, cells)
        if source.percent:
            texts = pl.Series([None if text is None else _hundredth(text) for text in texts], dtype=pl.String)
        if source.absolute:
            texts = texts.str.strip_prefix("-")
        if source.negate:
            texts = turned(texts)
        if signs is not None:
            negative, positive = _words(source.negative), _words(source.positive or ())
            is_negative = signs.is_in(negative)
            texts = texts.zip_with(~is_negative, turned(texts))
            is_known = is_negative | (signs != "" if source.positive is None else signs.is_in(positive))
            for row in (has_amount(texts) & ~is_known).arg_true():
                faults.append(_without_sign(source, rows, row, texts[row]))
        return Values(texts, faults)

    def _currencies(self, source: ColumnSource, rows: OwnRows) -> Values:
        """The codes of the currencies beside the numbers of a column."""
        cells, style = rows.filled(source.column), rows.file.profile.style_of(source.column)
        reader = self.number_reader(style)
        codes, faults = [], []
        for row, cell in enumerate(cells):
            named = "" if cell is None else reader.currency_in(cell)
            meant = SIGN_MEANS.get(named, {named} if named else set())
            codes.append(next(iter(meant)) if len(meant) == 1 else None)
            if cell is not None and codes[-1] is None:
                message = f"{quoted(cell)} does not say in which currency it is. Write its code beside it, such as EUR."
                own_name = rows.file.own_name(source.column)
                faults.append(CellFault(row, own_name, cell, Unfit("value_not_mapped", message)))
        return Values(pl.Series(codes, dtype=pl.String), faults)

    def _by_name(self, source: ColumnSource, rows: OwnRows) -> Values:
        cells = rows.filled(source.column)
        if self.names is None:
            # Of a line that is only checked, the names are looked up when it is loaded.
            return Values(cells, [])
        keys, unknown = self.names.keys_of(source.by, cells)
        own_name = rows.file.own_name(source.column)
        faults = [CellFault(row, own_name, cells[row], unfit) for row, unfit in unknown.items()]
        return Values(keys, faults)

    def _sum(self, parts: list[Values], count: int) -> Values:
        faults = [fault for part in parts for fault in part.faults]
        if len(parts) == 1:
            return Values(parts[0].texts, faults)
        columns = [part.texts.to_list() for part in parts]
        sums = [total([number for number in row if number is not None]) for row in zip(*columns, strict=True)]
        return Values(pl.Series(sums if columns else [None] * count, dtype=pl.String), faults)

    def _debit_or_credit(self, debit: str, credit: str, rows: OwnRows) -> Values:
        debits, credits = self.numbers(debit, rows), self.numbers(credit, rows)
        faults = debits.faults + credits.faults
        has_debit, has_credit = has_amount(debits.texts), has_amount(credits.texts)
        debit, credit = rows.file.own_name(debit), rows.file.own_name(credit)
        for row in (has_debit & has_credit).arg_true():
            message = (
                f"the line has an amount here and one in “{credit}”, {quoted(credits.texts[row])}; only one of the "
                "two may be filled. Correct the line."
            )
            faults.append(CellFault(row, debit, debits.texts[row], Unfit("debit_and_credit", message)))
        credited = turned(credits.texts)
        texts = debits.texts.zip_with(has_debit | credits.texts.is_null(), credited)
        return Values(texts, faults)


def _hundredth(number: str) -> str:
    return format(Decimal(number).scaleb(-2), "f")


def _sides_apart(source: ColumnSource, rows: OwnRows) -> tuple[pl.Series, pl.Series]:
    """The numbers of cells like `125.00 CR`, and the words behind them."""
    words = "|".join(re.escape(word) for word in _words((*source.negative, *(source.positive or ()))) if word)
    cells, pattern = rows.filled(source.column), rf"(?i)([\d.,)-])\s*({words})$"
    return cells.str.replace(pattern, "$1"), cells.str.extract(pattern, 2).fill_null("").str.to_lowercase()


def _words(words: Sequence[str]) -> list[str]:
    return [word.strip().lower() for word in words]


def _without_sign(source: ColumnSource, rows: OwnRows, row: int, amount: str) -> CellFault:
    """The fault of a row whose amount has no sign, because the column that says it is empty or has another word."""
    sign = rows.filled(source.sign_column)[row] or ""
    known = ", ".join(quoted(word) for word in (*source.negative, *(source.positive or ())) if word.strip())
    message = (
        f"{quoted(sign) if sign else 'the empty cell'} does not say whether {quoted(amount)} is positive or negative. "
        f"The import profile knows {known}. Correct the line."
    )
    return CellFault(row, rows.file.own_name(source.sign_column), sign, Unfit("value_not_mapped", message))


def constant_text(constant: Constant | None) -> str | None:
    """A constant as a cell of ours has it."""
    if isinstance(constant, bool):
        return "true" if constant else "false"
    return None if constant is None else str(constant)


def has_amount(numbers: pl.Series) -> pl.Series:
    """Whether each number is there and is not zero."""
    return numbers.str.contains("[1-9]").fill_null(False)


def turned(numbers: pl.Series) -> pl.Series:
    """The numbers with their signs turned."""
    expression, frame = pl.col("number"), numbers.alias("number").to_frame()
    is_negative, is_zero = expression.str.starts_with("-"), ~expression.str.contains("[1-9]")
    return frame.select(
        pl.when(is_negative)
        .then(expression.str.strip_prefix("-"))
        .when(is_zero)
        .then(expression)
        .otherwise(pl.concat_str(pl.lit("-"), expression.str.strip_prefix("+")))
    ).to_series()


def _values(read: ReadCells, name: str, rows: OwnRows, cells: pl.Series, explain: Callable[[str], Unfit]) -> Values:
    own_name = rows.file.own_name(name)
    return Values(read.values, [CellFault(row, own_name, cells[row], explain(cells[row])) for row in read.unfit])


def _joined(source: JoinSource, rows: OwnRows, *, needs_all: bool) -> pl.Series:
    """The filled parts of each row with the separator between them; null where there are none."""
    parts = [rows.filled(name).alias(str(place)) for place, name in enumerate(source.join)]
    frame = pl.DataFrame(parts)
    joined = frame.select(pl.concat_str(pl.all(), separator=source.between, ignore_nulls=not needs_all)).to_series()
    is_empty = joined == ""
    # Without any part there is no text, though there may be separators.
    has_any = reduce(lambda one, other: one | other, (part.is_not_null() for part in parts))
    return joined.set(is_empty | ~has_any, None)


def _first(found: list[Values]) -> Values:
    """The first value of each row that is there; a cell that cannot be read counts as being there."""
    texts, faults = found[0].texts, list(found[0].faults)
    texts = without_blanks(texts)
    for texts_of_next, faults_of_next in found[1:]:
        is_faulty = {fault.row for fault in faults}
        is_open = texts.is_null()
        for row in is_faulty:
            is_open[row] = False
        texts = texts_of_next.zip_with(is_open.fill_null(False), texts)
        faults += [fault for fault in faults_of_next if is_open[fault.row]]
    return Values(texts, faults)


def _mapped(source: ColumnSource, rows: OwnRows) -> Values:
    """The meanings of a column's values; a value that is not listed is a fault, unless `*` says what others mean."""
    listed = {value.strip(): constant_text(meaning) for value, meaning in (source.values or {}).items()}
    has_other, other = OTHERWISE in listed, listed.pop(OTHERWISE, None)
    cells = rows.filled(source.column)
    known = pl.Series([*listed], dtype=pl.String)
    meanings = pl.Series([*listed.values()], dtype=pl.String)
    key = cells.fill_null("") if "" in listed else cells
    texts = key.replace_strict(known, meanings, default=None, return_dtype=pl.String)
    is_unknown = key.is_not_null() & ~key.is_in([*listed])
    if has_other:
        return Values(texts.set(is_unknown, other) if is_unknown.any() else texts, [])
    own_name = rows.file.own_name(source.column)
    shown = ", ".join(quoted(value) for value in sorted(listed)) or "none"
    faults = [
        CellFault(
            row,
            own_name,
            cells[row],
            Unfit(
                "value_not_mapped",
                f"{quoted(cells[row])} is not one of the values that the import profile knows ({shown}). Add it to "
                "the profile, or correct the line.",
            ),
        )
        for row in is_unknown.arg_true()
    ]
    return Values(texts, faults)


def currency_faults(reader: NumberReader, name: str, rows: OwnRows, codes: pl.Series) -> Iterator[CellFault]:
    """The cells of a column of amounts whose own currency is another than that of their record."""
    cells = rows.filled(name)
    marked = cells.str.contains(r"[A-Za-z€$£¥]").fill_null(False).arg_true()
    own_name = rows.file.own_name(name)
    for row in marked:
        found = reader.currency_in(cells[row])
        code = (codes[row] or "").strip().upper()
        if found and code not in SIGN_MEANS.get(found, {found}):
            message = (
                f"{quoted(cells[row])} is an amount in {found}, but the currency of the record is "
                f"{quoted(code)}. Correct the line, or take the currency from another column."
            )
            yield CellFault(row, own_name, cells[row], Unfit("currency_contradicted", message))
