"""Workbooks drawn at random: the order of elements does not matter, and no sheet is passed over without a word."""

from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from syncs.connectors import connector_named
from syncs.connectors.formats.xlsx_cells import letters_of
from syncs.connectors.protocol import FileHeader, RowProblem, Rows
from syncs.loading.staging.vocabulary import RecordNames
from tests.connectors.reading import read, source, table
from tests.samples.sheets import MAIN, sheet, workbook

HEADER = ["erpKey", "companyName", "city"]
KEYS = st.text("ABC123", min_size=1, max_size=3)


@st.composite
def torn_sheets(draw):
    """Rows by their number, and the elements of a sheet that has their cells in any order and several pieces."""
    rows = {1: HEADER}
    for number in draw(st.sets(st.integers(2, 40), max_size=8)):
        rows[number] = [draw(KEYS), draw(KEYS), draw(st.sampled_from(["", "Rome"]))]
    pieces = []
    for number, texts in rows.items():
        cells = [(place, text) for place, text in enumerate(texts) if text]
        cut = draw(st.integers(0, len(cells)))
        pieces += [(number, cells[:cut]), (number, cells[cut:])]
    return rows, draw(st.permutations(pieces)), draw(st.booleans())


def element(number, cells, is_lower):
    xml = "".join(f'<c r="{letters_of(place)}{number}" t="str"><v>{text}</v></c>' for place, text in cells)
    return f'<row r="{number}">{xml.lower() if is_lower else xml}</row>'


@settings(max_examples=150, deadline=None)
@given(torn_sheets())
def test_rows_in_any_order_and_in_pieces_are_the_rows_of_the_sheet(drawn):
    rows, pieces, is_lower = drawn
    lower = {
        number: [text.lower() if is_lower and number > 1 else text for text in texts] for number, texts in rows.items()
    }
    xml = "".join(element(number, cells, is_lower and number > 1) for number, cells in pieces)
    blocks, problems = read(
        workbook(f'<worksheet xmlns="{MAIN}"><sheetData>{xml}</sheetData></worksheet>'),
        format="zip",
        file_name="companies.xlsx",
        vocabulary=RecordNames(),
    )
    assert [problem.code for problem in problems] == ["file_without_rows"] * (len(rows) == 1)
    assert [(line, cells) for line, cells, _ in table(blocks)] == [
        (number, lower[number]) for number in sorted(rows) if number > 1
    ]


@st.composite
def sheets(draw):
    """A sheet with a name, a state and rows, of which the first may or may not be a header."""
    name = draw(st.sampled_from(["Companies", "Invoices", "Notes", "Cover", "Sheet", "Data"]))
    state = draw(st.sampled_from(["visible", "visible", "visible", "hidden", "veryHidden"]))
    header = draw(
        st.sampled_from([[], HEADER, HEADER[::-1], ["city"], ["erpKey", "companyErpKey", "totalAmount"], ["Total"]])
    )
    titles = draw(st.lists(st.just(["Title"]), max_size=2))
    rows = draw(st.lists(st.lists(KEYS, min_size=1, max_size=3), max_size=4))
    return name, state, [*titles, *([header] if header else []), *rows]


@settings(max_examples=300, deadline=None)
@given(st.lists(sheets(), min_size=1, max_size=4), st.sampled_from(["companies.xlsx", "book.xlsx", "invoices.xlsx"]))
# Neither the sheet nor the file names a kind, so that the first row is the header, whatever it holds.
@example([("Sheet", "visible", [["1"], ["A"]])], "book.xlsx")
@example([("Sheet", "visible", [["1", "2"], ["B", "C"]])], "book.xlsx")
# They do, so that the first row is no header, but a row.
@example([("Sheet", "visible", [["1"], ["A"]])], "companies.xlsx")
def test_every_row_is_read_or_its_sheet_is_told(drawn, file):
    names = [f"{name}{'' if number == 0 else f' ({number})'}" for number, (name, _, _) in enumerate(drawn)]
    book = workbook(*[sheet(*rows) for _, _, rows in drawn], names=names, states=[state for _, state, _ in drawn])
    connector, names_of = connector_named("file-upload"), RecordNames()
    found = list(connector.rows(source(book, format="zip", file_name=file, vocabulary=names_of)))
    note(found)
    read_rows = sum(len(one) for one in found if isinstance(one, Rows))
    problems = [one for one in found if isinstance(one, RowProblem)]
    unread = [one for one in problems if one.leaves_unread or (one.kind == "error" and one.line is None)]
    written = sum(len(rows) for _, _, rows in drawn)
    headers = sum(isinstance(one, FileHeader) for one in found)
    rejected = sum(one.kind == "error" and one.line is not None for one in problems)
    titles = sum(one.message.partition("(")[0].count(",") + 1 for one in problems if one.code == "lines_above_header")
    # Of a sheet of a known kind, a first row with values in it is no header, but a row.
    numbered = sum(
        isinstance(one, FileHeader) and names_of.kind_named(one.name) != "" and one.columns[0] == "1" for one in found
    )
    if not unread:
        assert read_rows + rejected + titles + headers - numbered == written
