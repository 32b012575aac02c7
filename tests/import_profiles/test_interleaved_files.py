"""Rows of several streams that come between each other, each read by its profile or by our own names."""

import pytest

from syncs.connectors.protocol import AllKeys, FileHeader, Rows
from syncs.import_profiles.documents import parse
from syncs.import_profiles.layout import layout_of
from syncs.import_profiles.translation import Translator
from tests.import_profiles.documents import document

STREAMS = {"debtors": ["No", "Name"], "creditors": ["Id", "Title"]}


@pytest.fixture
def profiles():
    return {
        name: parse(
            document(
                columns,
                name=name,
                records=[
                    {
                        "kind": "Company",
                        "fields": {
                            "erpKey": columns[0],
                            "companyName": columns[1],
                            "companyType": {"constant": "Customer"},
                            "isActive": {"constant": "true"},
                        },
                    }
                ],
            )
        )
        for name, columns in STREAMS.items()
    }


def header(profiles, name):
    layout = layout_of(profiles[name], name)
    return FileHeader(name, name, STREAMS[name], "", layout, is_interleaved=True)


def rows(name, line, *cells):
    return Rows(name, name, STREAMS[name], [cells], [line], ["{}"])


def complete(name):
    return AllKeys(name, name, [], is_last=True, are_in_rows=True)


def translated(profiles, *items):
    """The keys and files of the records, and what is said of kinds that are complete."""
    found = list(Translator(profiles).items(items))
    keys = []
    for item in found:
        if not isinstance(item, FileHeader | AllKeys):
            cells = item.cells[item.columns.index("erpKey")] if not isinstance(item, Rows) else [item.cells[0][0]]
            keys += [(item.name, item.file, *cells)]
    return keys, [(item.name, item.are_in_rows) for item in found if isinstance(item, AllKeys)]


def both(profiles):
    return [
        header(profiles, "debtors"),
        header(profiles, "creditors"),
        rows("debtors", 1, "D1", "Acme"),
        rows("creditors", 1, "K1", "Globex"),
        rows("debtors", 2, "D2", "Initech"),
    ]


def test_each_row_is_read_by_the_profile_of_its_stream(profiles):
    keys, whole = translated(profiles, *both(profiles))
    assert keys == [("Company", "debtors", "D1"), ("Company", "creditors", "K1"), ("Company", "debtors", "D2")]
    assert whole == []


def test_a_kind_is_complete_once_all_of_its_streams_are(profiles):
    assert translated(profiles, *both(profiles), complete("debtors"))[1] == []
    assert translated(profiles, *both(profiles), complete("debtors"), complete("creditors"))[1] == [("Company", True)]


def test_a_stream_with_our_own_names_counts_too(profiles):
    ours = FileHeader("Company", "companies", ["erpKey"], "", is_interleaved=True)
    items = [*both(profiles), ours, complete("debtors"), complete("creditors")]
    assert translated(profiles, *items)[1] == []
    of_ours = AllKeys("Company", "companies", [], is_last=True, are_in_rows=True)
    assert translated(profiles, *items, of_ours)[1] == [("Company", True)]


def test_other_lists_of_keys_pass_as_they_are(profiles):
    listed = AllKeys("Company", "SELECT for Company", ["C1"], is_last=True)
    assert list(Translator(profiles).items([listed])) == [listed]
