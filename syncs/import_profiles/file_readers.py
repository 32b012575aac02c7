"""Reads as much of a file into a table as an inspection needs: of a stream the beginning, of a large file parts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from syncs.connectors.formats import explanation_sheet
from syncs.connectors.formats.file_kinds import reason_not_csv
from syncs.connectors.formats.xlsx_choice import texts_of
from syncs.connectors.formats.xlsx_workbook import SampleSize, Sheet, SheetSample, Workbook
from syncs.connectors.formats.zip_archive import Archive
from syncs.connectors.protocol import ByteStream
from syncs.import_profiles.delimiters import judge_delimiter
from syncs.import_profiles.encodings import NAMES, EncodingFinding, judge_encoding
from syncs.import_profiles.header_lines import HeaderFinding, find_header, header_at
from syncs.import_profiles.inspected import Choice, Question, Verdict
from syncs.import_profiles.questions import Asker, choices_of
from syncs.import_profiles.sampling import (
    MOST_CELLS,
    WHOLE_BYTES,
    SampleBytes,
    decode_parts,
    sample_stream,
    split_parts,
)
from syncs.import_profiles.tables import Table, build_table

# The lines that are shown as they stand.
FIRST_LINES, LAST_LINES, SHOWN_LENGTH = 12, 5, 500
# What is looked at of a sheet. A cell far to the right takes a few bytes of the file, and a whole row of the table.
SHEET_SAMPLE = SampleSize(rows=20_000, columns=MOST_CELLS, cells=2_000_000)
HEADER_ROWS = 30
# What is looked at of each of many files and sheets, when that much of those before has been looked at.
LITTLE_BYTES, LITTLE_CELLS = 256 * 1024, 10_000
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


class Unreadable(Exception):
    """The file holds no table that could be read; `str()` is the sentence to show, `lines` its first lines."""

    def __init__(self, message: str, lines: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(message)
        self.lines = lines


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of a file as people know it, and the stem that says what it holds."""

    name: str
    stem: str


@dataclass(slots=True)
class Budget:
    """How much of all files of an upload is looked at: much of the first ones, a little of each of the others."""

    bytes: int = 2 * WHOLE_BYTES
    cells: int = SHEET_SAMPLE.cells

    def sample_text(self, content: ByteStream) -> SampleBytes:
        sample = sample_stream(content, max(LITTLE_BYTES, min(WHOLE_BYTES, self.bytes)))
        self.bytes -= len(sample.parts[0])
        return sample

    def sample_sheet(self, workbook: Workbook, sheet: Sheet) -> SheetSample:
        sample = workbook.sample(sheet, replace(SHEET_SAMPLE, cells=max(LITTLE_CELLS, self.cells)))
        self.cells -= sum(len(row.cells) for row in sample.rows)
        return sample


def read_text(sample: SampleBytes, file: FileName, asker: Asker) -> Table:
    """The table in a text file, of which this is what is looked at. Raises Unreadable."""
    if not sample.parts[0]:
        raise Unreadable("The file is empty.")
    encoding = _encoding(sample, asker)
    texts = decode_parts(sample, encoding.codec)
    start = texts[0].lstrip("\ufeff")
    if reason := reason_not_csv(start[:2_000], file.stem):
        raise Unreadable(reason[1])
    found = judge_delimiter(texts[0])
    first_lines, last_lines = shown_lines(texts, is_whole=sample.is_whole)
    if found.verdict is Verdict.REFUSED:
        raise Unreadable(found.reason, first_lines)
    if found.is_quoted_twice:
        raise Unreadable(
            f"{found.reason} Export it without these quotation marks, or with each cell in quotation marks.",
            first_lines,
        )
    delimiter = found.delimiter
    if found.verdict is Verdict.OPEN or asker.answer("delimiter") is not None:
        answer = asker.ask(
            Question(
                id="delimiter",
                what="delimiter",
                question="Which character stands between the cells?",
                verdict=Verdict.OPEN if found.verdict is Verdict.OPEN else Verdict.LIKELY,
                suggest=None if found.verdict is Verdict.OPEN else delimiter,
                show=found.reason,
                choices=choices_of(tuple(DELIMITER_NAMES), DELIMITER_NAMES),
            )
        )
        delimiter = answer or delimiter
    lines = split_parts(texts, delimiter, is_whole=sample.is_whole)
    header = _header(lines.cells, lines.lines, asker)
    if not header.names:
        raise Unreadable(header.reason, first_lines)
    return build_table(
        header,
        lines.cells,
        lines.lines,
        file=file.name,
        stem=file.stem,
        format="csv",
        encoding=encoding.encoding,
        delimiter=delimiter,
        first_lines=first_lines,
        last_lines=last_lines,
        is_whole=lines.is_whole,
    )


def _encoding(sample: SampleBytes, asker: Asker) -> EncodingFinding:
    found = judge_encoding(sample.parts[0], is_cut=not sample.is_whole)
    if found.encoding == "utf-8":
        for part in sample.parts[1:]:
            later = judge_encoding(_whole_lines(part), is_cut=False)
            if later.encoding != "utf-8":
                found = later
                break
    is_datev = sample.parts[0][:6].strip(b'"').startswith((b"EXTF", b"DTVF"))
    if is_datev and found.verdict is not Verdict.SURE:
        asker.tell("The encoding is cp1252, as in all files of DATEV.")
        return EncodingFinding(Verdict.SURE, "cp1252", "cp1252")
    if found.verdict is Verdict.SURE and asker.answer("encoding") is None:
        return found
    answer = asker.ask(
        Question(
            id="encoding",
            what="encoding",
            question="Which of these words are written right?",
            verdict=found.verdict if found.verdict is not Verdict.SURE else Verdict.LIKELY,
            suggest=found.encoding if found.verdict is not Verdict.OPEN else None,
            show="The file does not say how its letters are stored: these are its words as each way would have them. "
            f"It was probably {NAMES[found.encoding]}.",
            choices=tuple(Choice(name, label) for name, label in found.labels().items()),
        )
    )
    if answer and answer != found.encoding:
        return replace(found, encoding=answer, codec="utf-8-sig" if answer == "utf-8" else answer)
    return found


def _whole_lines(part: bytes) -> bytes:
    """A part without the cut lines at its ends, so that no character is cut."""
    return part.partition(b"\n")[2].rpartition(b"\n")[0]


def shown_lines(
    texts: Sequence[str], *, is_whole: bool
) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]:
    """The first and the last lines as they stand; the numbers of the last are known of a whole file only."""
    head = texts[0][: FIRST_LINES * 4 * SHOWN_LENGTH].lstrip("\ufeff").splitlines()
    first = tuple((number, line[:SHOWN_LENGTH]) for number, line in enumerate(head[:FIRST_LINES], start=1))
    tail = texts[-1][-LAST_LINES * 4 * SHOWN_LENGTH :].splitlines()[-LAST_LINES:]
    count = texts[0].count("\n") + (not texts[0].endswith("\n")) if is_whole else 0
    start = max(count - len(tail) + 1, 1)
    last = tuple(
        (start + place if is_whole else 0, line[:SHOWN_LENGTH])
        for place, line in enumerate(tail)
        if not is_whole or start + place > len(first)
    )
    return first, last


def _header(rows: Sequence[Sequence[str]], lines: Sequence[int], asker: Asker) -> HeaderFinding:
    """The header, as it was found or as a person says."""
    found = find_header(rows, lines)
    answer = asker.answer("header")
    if answer is not None:
        at = header_at(rows, lines, str(answer))
        found = replace(at, reason=at.reason or found.reason) if at else found
    elif found.verdict is not Verdict.LIKELY or not found.names:
        if found.is_datev:
            asker.tell(found.reason)
        return found
    here = ", ".join(str(lines[place]) for place in found.rows)
    numbers = dict.fromkeys((here, *(str(line) for line in lines[:10])))
    asker.ask(
        Question(
            id="header",
            what="header",
            question="In which line do the names of the columns stand?",
            verdict=Verdict.LIKELY,
            suggest=here,
            show=found.reason,
            choices=tuple(Choice(number, f"Line {number}") for number in numbers),
            is_free=True,
        )
    )
    return found


def read_sheets(
    archive: Archive, file: FileName, line_bytes: int, asker_of: Callable[[str], Asker], budget: Budget
) -> Iterator[Table]:
    """The tables in a workbook; `asker_of` gives the asker of a sheet. Raises Unreadable where there is none."""
    reasons: list[str] = []
    is_found = False
    with Workbook(archive, line_bytes) as workbook:
        for sheet in workbook.sheets:
            if sheet.is_hidden or not workbook.can_read(sheet):
                continue
            try:
                table = _read_sheet(workbook, sheet, file, asker_of, budget)
            except Unreadable as reason:
                reasons.append(str(reason))
                continue
            if table is not None:
                is_found = True
                yield table
    if not is_found:
        raise Unreadable(reasons[0] if reasons else "The workbook has no rows.")


def _read_sheet(
    workbook: Workbook, sheet: Sheet, file: FileName, asker_of: Callable[[str], Asker], budget: Budget
) -> Table | None:
    """The table in a sheet; None where it has no rows, or explains a template."""
    workbook.first_rows(sheet, HEADER_ROWS)  # finds out whether the rows are in order
    sample = budget.sample_sheet(workbook, sheet)
    rows = [texts_of(row) for row in sample.rows if row.cells]
    numbers = [row.number for row in sample.rows if row.cells]
    if not rows or explanation_sheet.is_explanation(sheet.name, rows[0]):
        return None
    header = _header(rows, numbers, asker_of(sheet.name))
    if not header.names:
        raise Unreadable(header.reason)
    return build_table(
        header,
        rows,
        numbers,
        number_columns=sample.number_columns,
        file=file.name,
        stem=file.stem,
        format="xlsx",
        sheet=sheet.name,
        first_lines=_sheet_lines(rows[:FIRST_LINES], numbers[:FIRST_LINES]),
        last_lines=_sheet_lines(rows[FIRST_LINES:][-LAST_LINES:], numbers[FIRST_LINES:][-LAST_LINES:]),
        is_whole=sample.is_whole,
    )


def _sheet_lines(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> tuple[tuple[int, str], ...]:
    return tuple((number, "; ".join(row)[:SHOWN_LENGTH]) for row, number in zip(rows, numbers, strict=True))
