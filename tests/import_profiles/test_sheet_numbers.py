"""Numbers of a sheet are exact, however the texts of their column are written."""

import polars as pl
import pytest

from syncs.connectors.protocol import FileHeader, Rows
from syncs.import_profiles.cell_values import NumberReader
from syncs.import_profiles.documents import parse
from syncs.import_profiles.own_rows import OwnFile, own_rows
from syncs.import_profiles.profile import Style
from tests.import_profiles.documents import COLUMNS, document

STYLE = Style(decimal=",", thousands=(".",))


def netto(*cells, numbers=()):
    """The column of net amounts of a sheet, of which the cells at these positions are numbers."""
    place = COLUMNS.index("Netto")
    rows = [[cell if at == place else "x" for at in range(len(COLUMNS))] for cell in cells]
    header = FileHeader("rechnungen", "rechnungen.xlsx", COLUMNS, ",")
    block = Rows(
        "rechnungen",
        "rechnungen.xlsx",
        COLUMNS,
        rows,
        lines=[at + 2 for at, _ in enumerate(cells)],
        raw=["x"] * len(cells),
        letters=list("ABCDEFGH"),
        numbers={(at + 2, place) for at in numbers},
    )
    return own_rows(OwnFile.of(parse(document()), header), block)


@pytest.mark.parametrize("exact", ["1.234", "12.345", "0.125", "-1.5", "1234567.891", "0.5"])
def test_a_number_is_read_as_it_is_and_a_text_by_the_style(exact):
    rows = netto(exact, "1.234", "1.234,50", numbers=[0])
    read = NumberReader(STYLE).read(rows.written_numbers("Netto", ","))
    assert read.values.to_list() == [exact, "1234", "1234.50"]


def test_chosen_rows_keep_which_of_their_cells_are_numbers():
    rows = netto("1.234", "1.234", "1.234", numbers=[2]).filter(pl.Series([False, True, True]).to_numpy())
    assert rows.written_numbers("Netto", ",").to_list() == ["1.234", "1,234"]


def test_with_a_decimal_point_nothing_is_rewritten():
    assert netto("1.234", numbers=[0]).written_numbers("Netto", ".").to_list() == ["1.234"]
