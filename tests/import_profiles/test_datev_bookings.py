"""A batch of bookings from DATEV: told what it is and what to export instead; nothing is loaded and nothing asked."""

import pytest

from adsplatform.records.models import JournalEntry
from tests.import_profiles.inspecting import inspect_one
from tests.loading.uploading import Uploads

HEADER = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basisumsatz;WKZ Basisumsatz;Konto;"
    "Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Belegfeld 2;Skonto;Buchungstext\r\n"
)
ROWS = "1190,50;S;EUR;;;;10001;8400;;2106;RE-1;;;Tür\r\n57,35;H;;;;;70001;4930;9;0101;ER-7;;;Papier\r\n"
FIRST = '"EXTF";700;21;"Buchungsstapel";13;20240130140440439;;"RE";"";"";29098;55003;20240101;4;20240601;20240630\r\n'
SAID = (
    "The file holds bookings from DATEV (Buchungsstapel, 2024-06-01 to 2024-06-30). Its lines have no number by which "
    "they could be found again, and its dates no year, so nothing was loaded from it."
)


@pytest.mark.parametrize(
    "first", [FIRST, FIRST.replace('"', ""), FIRST.replace("EXTF", "DTVF").replace(";21;", ";65;")]
)
def test_bookings_are_told_with_their_days_and_not_asked_about(first):
    one = inspect_one((first + HEADER + ROWS).encode("cp1252"), "EXTF_Buchungsstapel.csv")
    assert (one.file.reading, one.file.ask) == ("unreadable", ())
    assert one.file.summary.startswith(SAID)
    assert "a line for each account" in one.file.summary


def test_bookings_without_days_are_told_all_the_same():
    one = inspect_one("EXTF;510;21;Buchungsstapel\r\n" + HEADER + ROWS, "bookings.csv")
    assert one.file.summary.startswith("The file holds bookings from DATEV (Buchungsstapel). Its lines")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["EXTF_Buchungsstapel.csv", "journalEntries.csv"])
def test_a_load_of_bookings_says_the_same(name):
    sync_request = Uploads().load((FIRST + HEADER + ROWS).encode("cp1252"), name)
    assert sync_request.status_code == "Failed"
    assert sync_request.details.get(code="other_format").message.startswith(SAID)
    assert not JournalEntry.objects.exists()


def test_days_without_a_year_are_refused_with_the_reason():
    one = inspect_one("Rechnungsnr.;Kundennr;Rechnungsdatum;Brutto\n1;K1;3112;119,00\n2;K2;0101;11,90\n")
    (question,) = [question for question in one.file.ask if question.id == "dates:Rechnungsdatum"]
    assert question.verdict == "refused"
    assert question.show == "“3112” seems to be a day and a month without a year. Export the dates with their years."
