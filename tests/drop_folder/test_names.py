"""What is taken from the names of files."""

import pytest

from syncs.connectors.drop_folder.names import deliveries, in_order, is_meant, moment_in
from syncs.connectors.drop_folder.remote import RemoteFile


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("invoices_2026-11-30.csv", "20261130"),
        ("20261130_invoices.csv", "20261130"),
        ("invoices-20261130-235959.csv", "20261130235959"),
        ("invoices 2026-11-30T23.59.csv", "202611302359"),
        ("Rechnungen 30.11.2026.csv", "20261130"),
        # Neither order of day and month is certain.
        ("invoices-11-12-2026.csv", ""),
        ("invoices-20261330.csv", ""),
        ("invoices-1202611301.csv", ""),
        ("invoices.csv", ""),
    ],
)
def test_the_moment_in_a_name(name, moment):
    assert moment_in(name) == moment


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("invoices.csv", True),
        ("Invoices.CSV", True),
        (".invoices.csv", False),
        ("~$invoices.csv", False),
        ("invoices.csv.part", False),
        ("invoices.csv.filepart", False),
        ("invoices.tmp", False),
        ("invoices.csv.errors.csv", False),
        ("invoices.csv.done", False),
        ("invoices.xlsx", False),
    ],
)
def test_files_that_are_meant(name, meant):
    assert is_meant(name, ("*.csv", "*.zip", "*.done", "*.part"), "*.done") is meant


def test_files_are_read_by_the_day_in_their_names_and_else_by_their_last_change():
    files = [
        RemoteFile("b.csv", 1, "2026-11-30T12:00:00+00:00"),
        RemoteFile("a_2026-12-01.csv", 1, "2026-11-01T00:00:00+00:00"),
        RemoteFile("a_2026-11-29.csv", 1, "2026-12-05T00:00:00+00:00"),
    ]
    assert [file.name for file in in_order(files)] == ["a_2026-11-29.csv", "b.csv", "a_2026-12-01.csv"]


def test_only_the_same_file_of_two_days_is_of_two_deliveries():
    def of(*names):
        return deliveries(RemoteFile(name, 1, "") for name in names)

    assert of("a_20261129.csv", "b_20261130.csv", "c.csv") == []
    assert of("a_20261129.csv", "A_20261130.csv") == ["20261129", "20261130"]
