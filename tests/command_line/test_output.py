"""What records say is shown as text: to a terminal it gives no commands, to a spreadsheet no formulas."""

import csv
import io
from decimal import Decimal

import pytest

from adsplatform.command_line.output import print_document, print_rows


def test_a_terminal_gets_no_commands(capsys):
    name = "Acme\x1b]0;gone\x07\x1b[2J\u202eemca\x9b1m"
    shown = "Acme[U+001B]]0;gone[U+0007][U+001B][2J[U+202E]emca[U+009B]1m"
    print_rows([{"erpKey": "C1", "name": name}], "table")
    print_document({"name": name, "rows": [{"name": name}]}, "table")
    out = capsys.readouterr().out
    assert out.count(shown) == 3
    assert all(character == "\n" or character.isprintable() for character in out)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
        ("x,=1+1", "x,'=1+1"),
        ("\t=1+1", "'\t'=1+1"),
        ("＝1+1", "'＝1+1"),
        ({"note": "x;=A1"}, '{"note": "x;\'=A1"}'),
        ("=1+1", "'=1+1"),
        ("-5.00", "-5.00"),
        (Decimal("-5.00"), "-5.00"),
        ("Müller & Söhne", "Müller & Söhne"),
        (None, ""),
    ],
)
def test_a_spreadsheet_gets_no_formulas(capsys, value, written):
    print_rows([{"erpKey": "C1", "value": value}], "csv")
    assert list(csv.reader(io.StringIO(capsys.readouterr().out, newline=""))) == [["erpKey", "value"], ["C1", written]]
