"""Records of a file as the blocks that staging takes."""

from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
import polars as pl

from syncs.connectors.protocol import ABSENT, Cell, Columns, Rows
from syncs.import_profiles.cell_values import Unfit
from syncs.import_profiles.field_values import CellFault
from syncs.import_profiles.record_values import RecordRows


def lines_of_two_records(parts: list[RecordRows]) -> None:
    """Add a fault to each line that two rules take for the same record: it cannot be both."""
    seen: dict[tuple[int, str], tuple[RecordRows, int]] = {}
    for part in parts:
        keys = part.values.get("erpKey")
        if keys is None or part.rule.when is None:
            continue
        for row, (line, key) in enumerate(zip(part.rows.lines, keys.to_list(), strict=True)):
            if key is None:
                continue
            other = seen.setdefault((line, key), (part, row))
            if other[0] is not part:
                _add_conflict(*other, part, row)


def _add_conflict(first: RecordRows, first_row: int, second: RecordRows, second_row: int) -> None:
    column = first.rule.when.column if first.rule.when else ""
    other = second.rule.when.column if second.rule.when else ""
    own, own_other = first.rows.file.own_name(column), second.rows.file.own_name(other)
    value = first.rows.column(column)[first_row] or ""
    message = (
        f"by the import profile the line would be two records of one key, one because of this column and one because "
        f"of “{own_other}”. Correct the line, so that it is one."
    )
    first.faults.append(CellFault(first_row, own, value, Unfit("two_records_in_line", message)))
    second.is_left_out.add(second_row)


def block_of(kind: str, file: str, parts: list[RecordRows]) -> Iterator[Columns | Rows]:
    """The records without a fault, in the order of their lines."""
    good = [part for part in map(_without_faults, parts) if len(part)]
    if not good:
        return
    names = list(dict.fromkeys(name for part in good for name in part.values))
    if len(good) == 1:
        part = good[0]
        values, lines, raw, gaps = part.values, list(part.rows.lines), part.rows.raw, part.gaps
    else:
        values, lines, raw, gaps = _merged(good, names)
    origins = [next((part.origins[name] for part in good if name in part.origins), "") for name in names]
    letters = [good[0].rows.letter(origin) if origin else "" for origin in origins]
    yield _columns(
        Columns(
            kind,
            file,
            names,
            [values[name] for name in names],
            lines,
            raw,
            gaps={names.index(name): gap for name, gap in gaps.items() if any(gap)},
            letters=letters if any(letters) else (),
            origins=origins,
        )
    )


def _without_faults(part: RecordRows) -> RecordRows:
    bad = part.is_left_out | {fault.row for fault in part.faults}
    if not bad:
        return part
    is_good = np.ones(len(part), bool)
    is_good[list(bad)] = False
    return RecordRows(
        part.rule,
        part.rows.filter(is_good),
        {name: cells.filter(is_good) for name, cells in part.values.items()},
        [],
        {name: [one for one, keep in zip(gap, is_good, strict=True) if keep] for name, gap in part.gaps.items()},
        part.origins,
    )


def _merged(
    parts: list[RecordRows], names: list[str]
) -> tuple[dict[str, pl.Series], list[int], list[str], dict[str, list[bool]]]:
    """The records of several rules as one, sorted by line; a field that a rule does not have is a gap."""
    lines = [line for part in parts for line in part.rows.lines]
    order = np.argsort(np.asarray(lines), kind="stable")
    values: dict[str, pl.Series] = {}
    gaps: dict[str, list[bool]] = {}
    for name in names:
        pieces = [
            part.values.get(name, pl.Series(name, [None] * len(part), dtype=pl.String)).alias(name) for part in parts
        ]
        values[name] = pl.concat(pieces).gather(order)
        gap = [missing for part in parts for missing in part.gaps.get(name, [name not in part.values] * len(part))]
        if any(gap):
            gaps[name] = [gap[place] for place in order]
    raw = [text for part in parts for text in part.rows.raw]
    return values, [lines[place] for place in order], [raw[place] for place in order], gaps


def _columns(block: Columns) -> Columns | Rows:
    """The block with its rows as lines, so that they can be copied as they are; or as rows, if a cell breaks lines."""
    frame = pl.DataFrame(
        [cells.alias(str(place)) for place, cells in enumerate(block.cells) if isinstance(cells, pl.Series)]
    )
    data = BytesIO()
    frame.write_csv(data, include_header=False, separator="\t", quote_style="never")
    text = data.getvalue().decode()
    lines = text.split("\n")
    lines.pop()
    if len(lines) == len(block) and text.count("\t") == len(block) * (frame.width - 1) and "\r" not in text:
        block.delimited, block.delimiter = lines, "\t"
        return block
    cells: list[Sequence[Cell]] = [list(row) for row in frame.fill_null("").iter_rows()]
    for place, gap in block.gaps.items():
        for row, missing in enumerate(gap):
            if missing:
                cells[row] = [*cells[row][:place], ABSENT, *cells[row][place + 1 :]]
    return Rows(
        block.name,
        block.file,
        block.columns,
        cells,
        list(block.lines),
        list(block.raw),
        letters=block.letters,
        origins=block.origins,
    )
