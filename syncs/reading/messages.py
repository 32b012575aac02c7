"""What the process that reads a source tells the process of the sync, as bytes.

The reading process may have been taken over by what it reads. So its messages are decoded by type, with a decoder that
can build nothing but plain values, and `Columns` are checked where a promise of theirs would let a cell break a line of
COPY. Otherwise they mean no more than a hostile file does.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, Literal, TypeAlias

import msgspec
import polars as pl

from syncs.connectors.columnar import DelimitedCells, are_whole, rows_to_text, split_into_columns
from syncs.connectors.protocol import (
    AllKeys,
    Bookmark,
    Columns,
    Deleted,
    FileHeader,
    FileLayout,
    RowProblem,
    Rows,
    SourceItem,
)
from syncs.reading.marks import AllKeysMessage, BookmarkMessage, DeletedMessage, Mark, mark_of
from syncs.reading.packed_lines import Pack, PackedLines, joined, pack_lines, unpack_lines
from syncs.reading.signals import Signal
from syncs.reading.values import (
    absent_as_object,
    absent_of_object,
    decode_other,
    encode_other,
    plain,
    text_of_scalar,
)

# What COPY would interpret in a cell.
SPECIAL = "\\\t\n\r\0"
_MSGPACK, _JSON = b"M", b"J"


class MessageError(Exception):
    """The reading process sent something that no reading process of ours sends."""


class _Rows(msgspec.Struct, tag=True, array_like=True):
    name: str
    file: str
    columns: list[str]
    # Decoded, each row is a list.
    cells: list[Sequence[Any]]
    lines: list[int]
    raw: list[str]
    letters: list[str]
    origins: list[str]
    numbers: set[tuple[int, int]]

    def item(self) -> Rows:
        self.cells = list(map(plain, self.cells))
        return Rows(*msgspec.structs.astuple(self))


class _Lines(msgspec.Struct, tag=True, array_like=True):
    """`Rows` of texts, numbers, truth values and nulls, as the lines that the sync's process would make of them."""

    name: str
    file: str
    columns: list[str]
    text: str
    lines: list[int]
    raw: list[str]
    letters: list[str]
    origins: list[str]

    def item(self) -> Columns | Rows:
        delimited, width = self.text.split("\n"), len(self.columns)
        if not len(delimited) == len(self.lines) == len(self.raw):
            raise MessageError("a block of rows whose columns are not of one length")
        try:
            encoded = self.text.encode()
        except UnicodeEncodeError as error:
            raise MessageError("lines with half a character") from error
        if not are_whole(encoded, len(delimited), width):
            raise MessageError("lines that cannot be split into their columns")
        if split := split_into_columns(encoded, len(delimited), "\t", width):
            return Columns(
                self.name,
                self.file,
                self.columns,
                split,
                self.lines,
                self.raw,
                delimited=delimited,
                delimiter="\t",
                letters=self.letters,
                origins=self.origins,
            )
        cells: list[Sequence[Any]] = [line.split("\t") for line in delimited]
        if set(map(len, cells)) != {width}:
            raise MessageError("lines that cannot be split into their columns")
        return Rows(self.name, self.file, self.columns, cells, self.lines, self.raw, self.letters, self.origins)


class _Texts(msgspec.Struct, tag=True, array_like=True):
    """A column that is a Series."""

    texts: list[str | None]


class _Cells(msgspec.Struct, tag=True, array_like=True):
    """A column that is a sequence of cells."""

    cells: list[Any]


class _Columns(msgspec.Struct, tag=True, array_like=True):
    """`Columns`; without `cells`, they are those of the delimited lines, and `irregular` has those of the others."""

    name: str
    file: str
    columns: list[str]
    cells: list[_Texts | _Cells]
    irregular: list[list[str | None]]
    # The number of the first, if they follow each other.
    lines: list[int] | int
    raw: PackedLines
    gaps: dict[int, list[bool]]
    # None if they are the raw lines.
    delimited: PackedLines | None
    delimiter: str
    not_delimited: list[int]
    letters: list[str]
    origins: list[str]
    exact: list[int]

    def item(self) -> Columns:
        raw = _unpacked(self.raw)
        delimited: Sequence[str] = []
        if self.delimiter:
            delimited = raw if self.delimited is None else _unpacked(self.delimited)
        lines = range(self.lines, self.lines + len(raw)) if isinstance(self.lines, int) else self.lines
        if self.cells and self.delimiter:
            raise MessageError("a block of rows with cells beside its lines")
        cells: list[pl.Series | Sequence[Any]]
        cells = [*self._split(delimited)] if self.delimiter else [*map(_column, self.cells)]
        if len(cells) != len(self.columns):
            raise MessageError("a block of rows without the cells of a column")
        if any(len(column) != len(raw) for column in (*cells, lines, *self.gaps.values())):
            raise MessageError("a block of rows whose columns are not of one length")
        columns = Columns(
            self.name,
            self.file,
            self.columns,
            cells,
            lines,
            raw,
            gaps=self.gaps,
            delimited=delimited,
            delimiter=self.delimiter,
            not_delimited=self.not_delimited,
            letters=self.letters,
            origins=self.origins,
            exact=self.exact,
        )
        self._check_characters(columns)
        return columns

    def _split(self, delimited: Sequence[str]) -> list[pl.Series]:
        """Splitting again costs less than sending each cell, and cannot lead to other cells than the lines have."""
        width = len(self.columns)
        if any(not 0 <= position < len(delimited) for position in self.not_delimited):
            raise MessageError("a line that is not in its block")
        together = joined(delimited, self.not_delimited, self.delimiter * (width - 1))
        cells = split_into_columns(together, len(delimited), self.delimiter, width)
        if cells is None or len(self.irregular) != (width if self.not_delimited else 0):
            raise MessageError("lines that cannot be split into their columns")
        if self.not_delimited:
            cells = [
                series.scatter(self.not_delimited, texts) for series, texts in zip(cells, self.irregular, strict=True)
            ]
        return cells

    def _check_characters(self, columns: Columns) -> None:
        """Refuse a cell with a character for COPY that its lines do not have; see `Columns`."""
        sent: Iterable[Any] = (cell for column in self.irregular for cell in column)
        if self.cells:
            sent = (cell for column in columns.cells for cell in column)
        elif not self.irregular:
            return
        lines = "".join(columns.delimited or columns.raw)
        if "\\" in lines:
            return
        missing = [special for special in SPECIAL if special not in lines]
        text = "".join(cell for cell in sent if isinstance(cell, str))
        if any(special in text for special in missing):
            raise MessageError("a cell with a character that its line does not have")


class _Problem(msgspec.Struct, tag=True, array_like=True):
    name: str
    file: str
    line: int | None
    code: str
    message: str
    kind: Literal["error", "warning"]
    column: str
    value: str
    raw: str
    leaves_unread: bool
    row_count: int
    lines: list[tuple[int, str]]
    erp_key: str
    is_further: bool
    also: tuple[str, ...]

    def item(self) -> RowProblem:
        return RowProblem(*msgspec.structs.astuple(self))


class _Header(msgspec.Struct, tag=True, array_like=True):
    """A `FileHeader`; the layout is named by its place among those of the source."""

    name: str
    file: str
    columns: list[str]
    delimiter: str
    layout: int | None
    is_download: bool
    only: str
    is_interleaved: bool

    def item(self, layouts: Sequence[FileLayout]) -> FileHeader:
        if self.layout is not None and not 0 <= self.layout < len(layouts):
            raise MessageError("a file with a layout that its source does not have")
        layout = None if self.layout is None else layouts[self.layout]
        return FileHeader(
            self.name,
            self.file,
            self.columns,
            self.delimiter,
            layout,
            self.is_download,
            self.only,
            self.is_interleaved,
        )


_Message: TypeAlias = _Rows | _Lines | _Columns | _Problem | _Header | Mark | Signal


def encode(messages: Sequence[SourceItem | Signal], layouts: Sequence[FileLayout] = ()) -> bytes:
    """Several messages as bytes; `layouts` are the source's."""
    try:
        return _MSGPACK + _encoder.encode([_message(message, layouts, pack_lines) for message in messages])
    except (UnicodeEncodeError, OverflowError):
        # Half a character, or a number of more than 64 bits.
        found = [_message(message, layouts, list) for message in messages]
        builtins = msgspec.to_builtins(found, enc_hook=absent_as_object, builtin_types=(bytes,))
        return _JSON + json.dumps(builtins, default=str).encode()


def decode(data: bytes, layouts: Sequence[FileLayout]) -> Iterator[SourceItem | Signal]:
    """The messages again; raises MessageError."""
    try:
        if data[:1] == _MSGPACK:
            found = _decoder.decode(memoryview(data)[1:])
        else:
            found = msgspec.convert(json.loads(data[1:], object_hook=absent_of_object), list[_Message])
    except (ValueError, RecursionError) as error:
        raise MessageError(str(error)) from error
    for message in found:
        match message:
            case _Header():
                yield message.item(layouts)
            case _Rows() | _Lines() | _Columns() | _Problem() | DeletedMessage() | AllKeysMessage():
                yield message.item()
            case BookmarkMessage():
                yield _bookmark(message)
            case _:
                yield message


def _bookmark(message: BookmarkMessage) -> Bookmark:
    try:
        return message.item()
    except (ValueError, RecursionError) as error:
        raise MessageError(f"a state that is no JSON: {error}") from error


def _message(item: SourceItem | Signal, layouts: Sequence[FileLayout], pack: Pack) -> _Message:
    match item:
        case Rows():
            return _message_of_rows(item)
        case Columns():
            return _message_of_columns(item, pack)
        case RowProblem():
            values = {field.name: getattr(item, field.name) for field in fields(item)}
            return _Problem(**values | {"lines": list(item.lines), "also": tuple(item.also)})
        case FileHeader():
            layout = None if item.layout is None else layouts.index(item.layout)
            return _Header(
                item.name,
                item.file,
                list(item.columns),
                item.delimiter,
                layout,
                item.is_download,
                item.only,
                item.is_interleaved,
            )
        case Bookmark() | Deleted() | AllKeys():
            return mark_of(item)
    return item


def _message_of_rows(item: Rows) -> _Rows | _Lines:
    columns, letters, origins = list(item.columns), list(item.letters), list(item.origins)
    text = _as_lines(item)
    if text is None:
        return _Rows(item.name, item.file, columns, item.cells, item.lines, item.raw, letters, origins, item.numbers)
    return _Lines(item.name, item.file, columns, text, item.lines, item.raw, letters, origins)


def _as_lines(item: Rows) -> str | None:
    """The rows as one text, which costs much less than sending cell by cell; None if that would lose something."""
    if item.numbers or not len(item.cells) == len(item.lines) == len(item.raw):
        return None
    try:
        return rows_to_text(item.cells, len(item.columns), text_of_scalar)
    except (TypeError, UnicodeEncodeError):
        return None


def _message_of_columns(item: Columns, pack: Pack) -> _Columns:
    positions = sorted(item.not_delimited)
    is_unsplit = isinstance(item.cells, DelimitedCells)
    is_split = bool(item.delimited and item.delimiter) and (
        is_unsplit or all(isinstance(of, pl.Series) for of in item.cells)
    )
    cells: list[_Texts | _Cells] = []
    irregular: list[list[str | None]] = []
    for of in () if is_unsplit else item.cells:
        if is_split and isinstance(of, pl.Series):
            irregular += [of.gather(positions).to_list()] if positions else []
        else:
            cells.append(_Texts(of.to_list()) if isinstance(of, pl.Series) else _Cells(list(of)))
    # Without them, the cells are sent and the lines need not be.
    is_raw = item.delimited is item.raw or item.delimited == item.raw
    delimited = pack(item.delimited) if is_split and not is_raw else None
    return _Columns(
        name=item.name,
        file=item.file,
        columns=list(item.columns),
        cells=cells,
        irregular=irregular,
        lines=item.lines.start if isinstance(item.lines, range) and item.lines.step == 1 else list(item.lines),
        raw=pack(item.raw),
        gaps=dict(item.gaps),
        delimited=delimited,
        delimiter=item.delimiter if is_split else "",
        not_delimited=positions if is_split else [],
        letters=list(item.letters),
        origins=list(item.origins),
        exact=list(item.exact),
    )


def _unpacked(lines: PackedLines) -> Sequence[str]:
    try:
        return unpack_lines(lines)
    except UnicodeDecodeError as error:
        raise MessageError("lines that are no text") from error


def _column(column: _Texts | _Cells) -> pl.Series | Sequence[Any]:
    if isinstance(column, _Texts):
        return pl.Series(column.texts, dtype=pl.String)
    return plain(column.cells)


_encoder = msgspec.msgpack.Encoder(enc_hook=encode_other)
_decoder = msgspec.msgpack.Decoder(list[_Message], ext_hook=decode_other)
