"""How the numbers of a column are written, judged over all of its cells.

One mark that has exactly three digits behind it and one to three before it may be a decimal mark or a thousands mark;
such cells prove nothing, and other cells of the column decide. What is not decided is asked, never assumed.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl

from adsplatform.records.number_styles import (
    APOSTROPHES,
    BLANKS,
    COMMA,
    LONGEST_NUMBER,
    MINUS,
    POINT,
    WHOLE,
    proving,
    undecided,
)
from syncs.import_profiles.findings import Example, Finding, counted, different_cells, example_of
from syncs.import_profiles.header_names import CURRENCY_SIGNS
from syncs.import_profiles.inspected import Verdict

# Words by which exports say that there is no number.
EMPTY_WORDS = ("-", "–", "—", "--", "n/a", "na", "#n/a", "null", "none", "nil", "k.a.", "k. a.", "n.v.t.", "s/o")

_SIGN = f"[{MINUS}+]"
_BLANK = f"[{BLANKS}]"
_CURRENCY = rf"(?:[A-Z]{{3}}|[{CURRENCY_SIGNS}]|kr\.?|Fr\.?|R\$)"
_WHOLE_MARK = "[.,](?:--|[-–—])$"
_SIDE = r"(?:(?i:CR|DR)|C|D|S|H)"


def judge_numbers(cells: Sequence[str], lines: Sequence[int]) -> Finding:
    """Which decimal mark the column has: sure with an empty style where all of its numbers are whole."""
    seen = _classified(different_cells(cells, lines))
    total = int(seen["count"].sum())
    if not total:
        return Finding(Verdict.SURE, reason="The column is empty.")
    common = _common(seen, total)
    if counted(seen, "scientific"):
        return replace(
            common,
            verdict=Verdict.REFUSED,
            example=example_of(seen, "scientific"),
            reason=f"“{_cell(seen, 'scientific')}” has lost digits: a spreadsheet has shortened it. Show the whole "
            "number there, then export again.",
        )
    point, comma = counted(seen, "proves_point"), counted(seen, "proves_comma")
    if point and comma:
        return _mixed(seen, point, comma, common)
    if point or comma:
        return _proven(seen, POINT if point else COMMA, common)
    if counted(seen, "maybe_point") or counted(seen, "maybe_comma"):
        return _undecided(seen, common)
    return replace(common, reason="All of its numbers are whole.")


def _classified(seen: pl.DataFrame) -> pl.DataFrame:
    """The cells with what their form shows."""
    cell = pl.col("cell")
    seen = seen.with_columns(
        is_empty_word=cell.str.to_lowercase().is_in(EMPTY_WORDS),
        scientific=cell.str.contains(rf"^{_SIGN}?\d+(?:[.,]\d+)?[eE][+-]?\d+$"),
        brackets=cell.str.contains(r"^\(.*\)$"),
        percent=cell.str.contains(r"%$"),
        side=cell.str.extract(rf"\d{_BLANK}*({_SIDE})$", 1),
        currency=cell.str.extract(rf"(?:^{_SIGN}?\(?({_CURRENCY})|({_CURRENCY})\)?$)", 1),
        currency_behind=cell.str.extract(rf"\d{_BLANK}*[-]?({_CURRENCY})\)?$", 1),
        whole_mark=cell.str.extract(rf"\d({_WHOLE_MARK})", 1),
        sign_before=cell.str.contains(rf"^{_SIGN}|^{_CURRENCY}{_BLANK}*{_SIGN}"),
        sign_behind=cell.str.contains(r"[0-9.,][-\u2212]$") & ~cell.str.contains(rf"\d{_WHOLE_MARK}"),
    )
    core = (
        cell.str.replace(r"^\((.*)\)$", "$1")
        .str.replace(rf"^{_SIGN}?{_BLANK}*{_CURRENCY}{_BLANK}*", "")
        .str.replace(rf"{_BLANK}*{_CURRENCY}$", "")
        .str.replace(rf"{_BLANK}*{_SIDE}$", "")
        .str.replace(rf"{_BLANK}*%$", "")
        .str.replace(rf"^{_SIGN}{_BLANK}*", "")
        .str.replace(rf"(\d){_WHOLE_MARK}", "$1")
        .str.replace(r"[-\u2212]$", "")
        .str.strip_chars(BLANKS)
    )
    seen = seen.with_columns(core=core, currency=pl.coalesce("currency", "currency_behind"))
    core = pl.col("core")

    def has_form(form: str) -> pl.Expr:
        return core.str.contains(f"^(?:{form})$")

    def proves(mark: str) -> pl.Expr:
        # `1.234,-`: what stands before the dash is the decimal mark, so the other mark groups.
        other = re.escape(COMMA if mark == POINT else POINT)
        dashed = pl.col("whole_mark").str.starts_with(mark).fill_null(False) & core.str.contains(other)
        return has_form(proving(mark)) | dashed

    seen = seen.with_columns(proves_point=proves(POINT), proves_comma=proves(COMMA))
    proves_neither = ~pl.any_horizontal("proves_point", "proves_comma")
    seen = seen.with_columns(
        maybe_point=has_form(undecided(POINT)) & proves_neither,
        maybe_comma=has_form(undecided(COMMA)) & proves_neither,
        whole=has_form(WHOLE),
    )
    forms = ("proves_point", "proves_comma", "maybe_point", "maybe_comma", "whole", "scientific", "is_empty_word")
    return seen.with_columns(other=~pl.any_horizontal(forms) | (pl.col("cell").str.len_chars() > LONGEST_NUMBER))


def _common(seen: pl.DataFrame, total: int) -> Finding:
    """What every finding on numbers says besides its verdict."""
    empty = seen.filter(pl.col("is_empty_word"))
    numbers = seen.filter(~pl.col("other") & ~pl.col("is_empty_word"))
    remarks, flags = [], set()
    for flag, said in (
        ("sign_behind", "“{}” is negative: the sign stands behind."),
        ("brackets", "Brackets are negative: “{}”."),
        ("whole_mark", "“{}” is a whole amount."),
    ):
        found = numbers.filter(pl.col(flag).is_not_null() if flag == "whole_mark" else pl.col(flag))
        if len(found):
            flags.add(flag)
            remarks.append(said.format(found["cell"][0]))
    if len(numbers.filter(pl.col("percent"))):
        flags.add("percent")
    if numbers["side"].drop_nulls().len():
        flags.add("side")
    negatives = numbers.filter(pl.any_horizontal("sign_before", "sign_behind", "brackets"))
    if len(negatives):
        flags.add("negative")
    grouped = "".join(numbers["core"].to_list())
    marks = [mark for mark in (*APOSTROPHES, *BLANKS) if mark in grouped]
    return Finding(
        Verdict.SURE,
        cells=total,
        others=counted(seen, "other"),
        other_example=example_of(seen, "other"),
        remarks=tuple(remarks),
        flags=frozenset(flags),
        thousands=tuple(marks),
        empty_words=tuple(empty["cell"].to_list()),
        whole_marks=tuple(sorted(set(numbers["whole_mark"].drop_nulls().to_list()))),
        currencies=tuple(dict.fromkeys(numbers["currency"].drop_nulls().to_list())),
    )


def _proven(seen: pl.DataFrame, mark: str, common: Finding) -> Finding:
    """The mark is proven by at least one cell, and by none for the other."""
    name, other = ("point", COMMA) if mark == POINT else ("comma", POINT)
    core = pl.col("core")
    groups = seen.filter(~pl.col("other") & core.str.contains(re.escape(other)))
    remarks = list(common.remarks)
    three = seen.filter(pl.col(f"maybe_{name}"))
    if len(three):
        remarks.append(f"“{three['cell'][0]}” is a number with three decimals, because the decimal mark is proven.")
    return replace(
        common,
        style=mark,
        proofs=counted(seen, f"proves_{name}"),
        example=_clearest(seen, f"proves_{name}"),
        thousands=((other,) if len(groups) else ()) + common.thousands,
        remarks=tuple(remarks),
    )


def _clearest(seen: pl.DataFrame, mask: str) -> Example | None:
    """The proof with the most marks: 1.235,51 says more than 85,00."""
    proofs = seen.filter(pl.col(mask))
    marks = pl.col("core").str.count_matches(r"[^0-9]")
    return example_of(proofs.filter(marks == proofs.select(marks.max()).item()), mask)


def _mixed(seen: pl.DataFrame, point: int, comma: int, common: Finding) -> Finding:
    rare, often = ("comma", "point") if comma <= point else ("point", "comma")
    return replace(
        common,
        verdict=Verdict.MIXED,
        proofs=max(point, comma),
        against=min(point, comma),
        example=example_of(seen, f"proves_{often}"),
        counter_example=example_of(seen, f"proves_{rare}"),
        choices=(POINT, COMMA),
        reason="The column has decimal points and decimal commas.",
    )


def _undecided(seen: pl.DataFrame, common: Finding) -> Finding:
    as_point, as_comma = total_of(seen, POINT), total_of(seen, COMMA)
    example = example_of(seen, "maybe_point", "maybe_comma")
    return replace(
        common,
        verdict=Verdict.OPEN,
        example=example,
        choices=(POINT, COMMA),
        reason=f"“{example.value if example else ''}” can be read in two ways. With a decimal point the column adds up "
        f"to {as_point:f}, with a decimal comma to {as_comma:f}.",
    )


def total_of(seen: pl.DataFrame, mark: str) -> Decimal:
    """The sum of the column's numbers if `mark` is its decimal mark."""
    total = Decimal(0)
    for row in seen.filter(~pl.col("other") & ~pl.col("is_empty_word")).iter_rows(named=True):
        value = exact(row["core"], mark)
        if value is not None:
            negative = row["sign_before"] or row["sign_behind"] or row["brackets"]
            total += row["count"] * (-value if negative else value)
    return total


def read_numbers(cells: Sequence[str], mark: str) -> list[Decimal | None]:
    """The numbers in the cells, read with that decimal mark; None where a cell is no number."""
    seen = _classified(different_cells(cells, [0] * len(cells))).filter(~pl.col("other") & ~pl.col("is_empty_word"))
    groups = f"[{APOSTROPHES}{BLANKS}{COMMA if mark == POINT else POINT}]"
    texts = seen.select(
        "cell",
        number=pl.when(pl.any_horizontal("sign_before", "sign_behind", "brackets"))
        .then(pl.lit("-"))
        .otherwise(pl.lit(""))
        + pl.col("core").str.replace_all(groups, "").str.replace(",", ".", literal=True),
    ).filter(pl.col("number").str.contains(r"^-?(?:\d+\.?\d*|\.\d+)$"))
    known = dict(zip(texts["cell"].to_list(), map(Decimal, texts["number"].to_list()), strict=True))
    return [known.get(cell.strip()) for cell in cells]


def exact(core: str, mark: str) -> Decimal | None:
    """The value of digits and marks, read with that decimal mark; None if they cannot be read so."""
    text = re.sub(f"[{APOSTROPHES}{BLANKS}{COMMA if mark == POINT else POINT}]", "", core)
    text = text.replace(COMMA, POINT)
    return Decimal(text) if re.fullmatch(r"\d++(?:\.\d*+)?|\.\d++", text) else None


def _cell(seen: pl.DataFrame, mask: str) -> str:
    example = example_of(seen, mask)
    return example.value if example else ""
