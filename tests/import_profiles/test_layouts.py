"""How a file is laid out: encoding, delimiter, header, totals, columns without names, rows that are no records."""

import io
from dataclasses import replace

import openpyxl
import pytest

from syncs.import_profiles.delimiters import judge_delimiter
from syncs.import_profiles.encodings import judge_encoding
from syncs.import_profiles.proposal import complete
from syncs.import_profiles.questions import AnswerError
from tests.import_profiles.inspecting import asked, books, inspect_one, inspected, shown

LETTERS = "Bäckerei Größe Müller Café déjà naïve niño åäö"
HEAD = "Invoice No;Customer ID;Invoice Date;Total Amount;Currency\n"
ROWS = "A1;C1;2025-01-31;10.50;EUR\nA2;C2;2025-02-28;20.25;EUR\n"


@pytest.mark.parametrize(
    ("data", "verdict", "encoding"),
    [
        (LETTERS.encode(), "sure", "utf-8"),
        (LETTERS.encode("utf-8-sig"), "sure", "utf-8"),
        (LETTERS.encode("utf-16"), "sure", "utf-16"),
        (LETTERS.encode("utf-16-le"), "sure", "utf-16"),
        (LETTERS.encode("utf-16-be"), "sure", "utf-16"),
        (b"plain", "sure", "utf-8"),
        (LETTERS.encode("cp1252"), "likely", "cp1252"),
        ("1.200,00 €".encode("cp1252"), "likely", "cp1252"),
        ("Ø Ærø Ålborg".encode("cp1252"), "likely", "cp1252"),
        (LETTERS.encode("mac-roman"), "likely", "mac-roman"),
        ("Bäckerei Müller Größe".encode("cp850"), "likely", "cp850"),
        ("żółw Wrocław Łódź".encode("cp1250"), "likely", "cp1250"),
    ],
)
def test_the_encoding_is_the_one_that_makes_letters(data, verdict, encoding):
    found = judge_encoding(data)
    assert (found.verdict, found.encoding) == (verdict, encoding)


def test_a_likely_encoding_is_asked_with_the_words_that_it_makes():
    one = inspect_one((HEAD.replace("ID", "Größe") + ROWS).encode("cp1252"))
    assert asked(one)["encoding"] == "cp1252"
    assert shown(one, "encoding").endswith("It was probably Western Europe, Windows (cp1252).")
    labels = {choice.value: choice.label for question in one.file.ask for choice in question.choices
              if question.id == "encoding"}  # fmt: skip
    assert labels == {
        "cp1252": "“Größe” – Western Europe, Windows (cp1252)",
        # In these letters they do not differ.
        "cp1250": "“Größe” as well – Central Europe, Windows (cp1250)",
        "mac-roman": "“Grˆﬂe” – Western Europe, Macintosh (mac-roman)",
        "cp850": "“Gr÷▀e” – Western Europe, DOS (cp850)",
    }
    other = inspect_one((HEAD + "Ä1;C1;2025-01-31;10.50;EUR\n").encode("cp850"), answers={"encoding": "cp850"})
    assert other.file.preview.first_lines[1][1].startswith("Ä1")


def test_words_in_which_the_likely_encodings_differ_are_shown_first():
    text = "Straßenbahngesellschaft;Köln-Größenwahn;Muñoz;Année;Übergrößenträger"
    found = judge_encoding(text.encode("cp1252"))
    assert found.encoding == "cp1252"
    # Central Europe has another letter in place of ñ.
    assert found.shown("cp1252").startswith("“Muñoz”")
    assert found.shown("cp1250").startswith("“Muńoz”")


@pytest.mark.parametrize(
    ("text", "verdict", "delimiter"),
    [
        ("a;b;c\n1;2,5;3\n1;3,5;3\n", "sure", ";"),
        ("a,b,c\n1,2,3\n", "sure", ","),
        ("a\tb\n1,5\t2\n", "sure", "\t"),
        ("a|b|c\n1|2|3\n", "sure", "|"),
        ('a;b;c\n"x, y";2;3\n"x, z";2;3\n', "sure", ";"),
        ("a;b,c;d\n1;2,3;4\n5;6,7;8\n", "sure", ";"),
        ("a;b,c\n1;2,3\n", "open", ","),
        ("sep=|\na|b\n1|2\n", "sure", "|"),
        ("a,b\n1,12,50\n2,13,50\n", "refused", ","),
        ("Title\n\na;b\n1;2\n3;4\n", "sure", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_equal_lines(text, verdict, delimiter):
    found = judge_delimiter(text)
    assert (found.verdict, found.delimiter) == (verdict, delimiter)


def test_split_amounts_are_refused_with_what_to_do():
    one = inspect_one("Rechnungsnr,Datum,Brutto\nR1,31.01.2025,12,50\nR2,01.02.2025,13,50\n")
    assert one.file.reading == "unreadable"
    assert "Export it with semicolons between the cells." in one.file.summary


def test_lines_that_stand_in_quotation_marks_are_refused_with_what_to_do():
    one = inspect_one('"Invoice No,Total Amount"\n"1,12.50"\n"2,13.50"\n')
    assert one.file.reading == "unreadable"
    assert one.file.summary.startswith("Each line stands in quotation marks as a whole.")


def test_an_open_delimiter_is_asked():
    text = "Invoice No;Date,Total\n1;2025-01-31,5\n"
    one = inspect_one(text)
    assert "delimiter" in asked(one)
    assert asked(one)["delimiter"] is None


@pytest.mark.parametrize("titles", ["List of invoices\n", "My Company\nInvoices\n\n", "Report;;;;\n;;;;\nMay;;;;\n\n"])
def test_a_header_below_titles_is_asked(titles):
    one = inspect_one(titles + HEAD + ROWS, books=books())
    line = str(titles.count("\n") + 1)
    assert asked(one)["header"] == line
    assert complete(one.proposal, {"constant:invoiceTypeCode": "AR Invoice"}).read.header == (int(line),)


def test_a_person_may_name_another_line_of_the_header():
    text = "Invoice No;Foo\n" + HEAD + ROWS
    one = inspect_one(text, answers={"header": "2"})
    assert one.file.header == (2,)
    assert [column.name for column in one.file.columns][:2] == ["Invoice No", "Customer ID"]


def test_a_file_without_header_is_refused_with_what_to_do():
    one = inspect_one("4711;28.02.2025;2.000,00\n4712;01.03.2025;10,50\n")
    assert one.file.reading == "unreadable"
    assert one.file.summary.startswith("No line names the columns; line 1 already has values. Add a line")


def test_unknown_names_are_asked_one_and_all():
    one = inspect_one("Foo;Bar;Baz\nx;1;2,5\ny;2;3,5\n")
    assert asked(one) == {"header": "1", "kind": None}
    assert shown(one, "header") == "None of the names in line 1 is known."


def test_a_row_of_units_is_evidence_and_no_record():
    text = "Rechnungsnummer;Rechnungsdatum;Kundennummer;Bruttobetrag\n;dd.mm.yyyy;;EUR\nR1;03.04.2025;K1;1.200,00\n"
    one = inspect_one(text, books=books())
    assert "Line 2 says how the values are written and is left out." in one.file.told
    assert asked(one)["constant:currencyCode"] == "EUR"
    assert "dates:Rechnungsdatum" not in asked(one)
    assert complete(one.proposal, {}).read.skip[0].lines == (2,)


@pytest.mark.parametrize("word", ["Total", "Summe", "Zwischensumme", "TOTAL GÉNÉRAL", "Sous-total", "Suma", "Totaal"])
def test_a_line_of_totals_is_proven_by_its_word_and_its_sums(word):
    one = inspect_one(HEAD + ROWS + f";{word};;30.75;\n", books=books())
    assert "Line 4 is a total: its amounts are the sums of lines above." in one.file.told
    assert one.proposal.document["read"]["skip"] == [{"totals": "Customer ID"}]


def test_a_total_in_place_of_the_key_is_no_record_of_the_preview():
    one = inspect_one(HEAD + ROWS + "Summe;;;30.75;\n", books=books())
    assert "Line 4 is a total: its amounts are the sums of lines above." in one.file.told
    assert one.proposal.document["read"]["skip"] == [{"totals": "Invoice No"}]
    assert [record.line for record in one.file.preview.records] == [2, 3]


def test_a_word_of_totals_without_sums_is_asked():
    one = inspect_one(HEAD + ROWS + ";Total;;99.00;\n", books=books())
    assert asked(one)["total:4"] is None
    with pytest.raises(AnswerError, match="Is line 4 a total, or a record?"):
        complete(one.proposal, {"constant:invoiceTypeCode": "AR Invoice"})
    profile = complete(one.proposal, {"total:4": "total", "constant:invoiceTypeCode": "AR Invoice"})
    assert profile.read.skip[0].lines == (4,)


@pytest.mark.parametrize("name", ["Total Ltd", "Summa Consulting", "Report GmbH"])
def test_a_customer_who_is_called_total_is_none(name):
    one = inspect_one(HEAD + ROWS + f"A3;{name};2025-03-01;30.75;EUR\n", books=books())
    assert one.proposal.draft.table.height == 3 or "total:4" in asked(one)
    assert not one.proposal.draft.rows.totals


def test_columns_without_a_name_are_told():
    text = "Invoice No;;Customer ID;Invoice Date;Total Amount;\nA1;;C1;2025-01-31;10.50;\n"
    one = inspect_one(text)
    assert "Column 2 has no name and is empty." in one.file.told
    filled = inspect_one(text.replace("A1;;", "A1;x;"))
    assert "Column 2 has no name, so it is not loaded. Name it to load it." in filled.file.told


def test_footers_are_told_and_left_out():
    one = inspect_one(HEAD + ROWS + "Printed on 1 March 2025;;;;\n", books=books())
    assert "Line 4 is a footer." in one.file.told
    assert one.proposal.document["read"]["skip"] == [{"empty": ["Invoice Date"]}]


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue()


def test_a_sheet_with_numbers_as_keys_and_as_days():
    data = workbook(
        Liste=[
            ["Rechnung", None, None, "Kunde", None, "Betrag", None, None],
            ["Nr.", "Datum", "Fällig", "Nr.", "Name", "Netto", "Steuer", "Brutto"],
            ["B1", "31.03.2025", 45772, 10005, "Ceta AG", 100, 19, 119],
            ["B2", "01.04.2025", 45773, 10006, "Delta AG", 200.5, 38.1, 238.6],
        ]
    )
    one = inspect_one(data, "liste.xlsx", books=books())
    assert asked(one) == {
        "header": "1, 2",
        "dates:Rechnung Fällig": "excel",
        "constant:currencyCode": "EUR",
        "constant:companyErpKey": "OWN",
        "constant:invoiceTypeCode": "AR Invoice",
    }
    assert "“Kunde Nr.” is a number cell: leading zeros would be lost." in one.file.told
    assert "The sheet is “Liste”." in one.file.told


def test_each_sheet_with_a_table_is_inspected():
    head = ["Invoice No", "Customer ID", "Invoice Date", "Due Date", "Total Amount"]
    data = workbook(
        Cover=[["Our invoices"]],
        May=[head, ["A1", "C1", "2025-05-01", "2025-05-31", 5]],
        June=[head, ["A2", "C1", "2025-06-01", "2025-06-30", 7]],
    )
    found = inspected(data, "year.xlsx")
    assert [(one.file.sheet, one.file.kinds) for one in found] == [("May", ("Invoice",)), ("June", ("Invoice",))]
    answered = inspected(data, "year.xlsx", answers={"constant:invoiceTypeCode": "AP Invoice"})
    assert all(asked(one)["constant:invoiceTypeCode"] == "AP Invoice" for one in answered)


def test_our_own_names_are_read_strictly():
    one = inspect_one("erpKey,companyName,companyType,isActive\nC1,A,Customer,true\n", "companies.csv")
    assert (one.file.reading, one.file.kinds, one.file.recognised) == ("strict", ("Company",), 4)
    assert one.proposal is None


def test_a_profile_of_the_enrollment_is_found_in_any_order_of_the_columns():
    one = inspect_one(HEAD + ROWS, "may.csv", books=books())
    profile = complete(one.proposal, {"constant:invoiceTypeCode": "AR Invoice"}, name="Monthly list")
    head, *rows = [line.split(";") for line in (HEAD + ROWS).splitlines()]
    turned = "\n".join(";".join([*reversed(row), "x"]) for row in ([*head], *rows)).replace(
        "Invoice No;x", "Invoice No;New"
    )
    again = inspect_one(turned, "june.csv", profiles=[profile])
    assert (again.file.reading, again.file.profile) == ("profile", "Monthly list")
    assert again.file.ask == ()
    assert again.file.told == ("New columns, which are not loaded: “New”.",)
    other = inspect_one((HEAD + ROWS).replace("Invoice No", "Key").replace("Total Amount", "Sum"), profiles=[profile])
    assert other.file.reading == "proposal"


def test_a_file_that_fits_several_profiles_is_read_by_none():
    one = inspect_one(HEAD + ROWS, "may.csv", books=books())
    profiles = [replace(complete(one.proposal, {}), name=name) for name in ("Sales", "Services")]
    named = [replace(profile, match=replace(profile.match, file=f"{profile.name}*")) for profile in profiles]
    assert inspect_one(HEAD + ROWS, "services-june.csv", profiles=named).file.profile == "Services"
    unclear = inspect_one(HEAD + ROWS, "june.csv", profiles=profiles)
    assert unclear.file.reading == "unreadable"
    assert "fits several import profiles, “Sales” and “Services”" in unclear.file.summary


def test_a_text_file_is_not_read_by_the_profile_of_a_workbook():
    one = inspect_one(HEAD + ROWS, "may.csv", books=books())
    profile = complete(one.proposal, {})
    of_sheet = replace(profile, read=replace(profile.read, encoding="", delimiter="", sheet="May"))
    assert inspect_one(HEAD + ROWS, "june.csv", profiles=[of_sheet]).file.reading == "proposal"
