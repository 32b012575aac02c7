"""Profiles as JSON documents."""

import pytest

from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.documents import parse
from syncs.import_profiles.header_names import fingerprint
from syncs.import_profiles.profile import ColumnSource, FirstSource, JoinSource, ProfileError, Style, When
from tests.import_profiles.documents import COLUMNS, document, invoice_fields


def everything():
    """A document in which every member of the format occurs."""
    whole = document()
    whole["match"]["file"] = "rechnungen*.csv"
    whole["read"] |= {
        "sheet": "Liste",
        "header": [2, 3],
        "skip": [{"line": [1]}, {"totals": "Debitor"}, {"empty": ["Belegnr.", "Art"]}],
        "carry": [{"column": "Debitor", "whereEmpty": ["Belegnr."], "as": "#group"}],
    }
    whole["styles"] |= {"empty": ["-"], "wholeMark": [".—"], "currencyInCell": True, "century": 1950}
    whole["columns"] = {"Belegdatum": {"dates": "MMM DD, YYYY"}}
    whole["records"] = [
        {
            "kind": "Invoice",
            "when": {"column": "Art", "in": ["RE"]},
            "group": ["Belegnr."],
            "fields": invoice_fields(
                totalAmount={"sum": ["Netto", "Steuer"]},
                netAmount={"debit": "Netto", "credit": "Brutto"},
                salesTaxAmount={
                    "column": "Steuer",
                    "absolute": True,
                    "sign": {"column": "Art", "negative": ["GS"]},
                },
                customerErpKey={"column": "#group", "by": "companyName"},
                isVoided={"column": "Bezahlt", "inverted": True},
                invoiceStatusCode={"column": "Art", "values": {"RE": "Open", "GS": None, "*": "Closed"}},
                referenceCode={"first": ["Art", {"join": ["Belegnr.", "Art"], "with": "-"}]},
            ),
        },
        {
            "kind": "InvoiceLine",
            "when": {"column": "Netto", "sign": "minus"},
            "lineOf": ["Belegnr."],
            "fields": {
                "erpKey": {"join": ["Belegnr.", "#n"], "with": "-"},
                "invoiceErpKey": "Belegnr.",
                "lineNumber": {"join": ["#line"]},
                "netAmount": {"column": "Netto", "negate": True},
            },
        },
        {
            "kind": "Company",
            "when": {"column": "Debitor", "from": 10000, "to": 69999},
            "fields": {
                "erpKey": "Debitor",
                "companyName": "Art",
                "companyType": {"constant": "Customer"},
                "isActive": {"constant": True},
            },
        },
        {
            "kind": "Company",
            "when": {"column": "Art", "filled": False},
            "fields": {
                "erpKey": "Debitor",
                "companyName": "#first",
                "companyType": {"constant": "Vendor"},
                "isActive": {"constant": True},
            },
        },
    ]
    whole["answers"] = [{"what": "dates", "answer": "DD.MM.YYYY", "evidence": "line 2: 31.12.2024"}]
    whole["confirmed"] = {"by": "a@example.com", "at": "2026-01-01T00:00:00Z", "sample": "rechnungen.csv"}
    return whole


def test_a_document_that_uses_everything_survives_being_read_and_written():
    assert to_json(parse(everything())) == everything()


def test_the_parts_are_typed():
    profile = parse(everything())
    invoice = profile.records[0]
    assert invoice.when == When("Art", any_of=("RE",))
    assert invoice.fields["erpKey"] == ColumnSource("Belegnr.")
    assert invoice.fields["referenceCode"] == FirstSource(
        (ColumnSource("Art"), JoinSource(("Belegnr.", "Art"), between="-"))
    )
    assert profile.read.header == (2, 3)
    assert profile.kinds == ("Invoice", "InvoiceLine", "Company")


def test_the_style_of_a_column_adds_to_that_of_the_file():
    profile = parse(document(columns={"BELEGDATUM": {"dates": "excel"}}))
    assert profile.style_of("Belegdatum") == Style(
        decimal=",", thousands=(".",), dates="excel", true=("ja",), false=("nein",)
    )
    assert profile.style_of("Netto").dates == "DD.MM.YYYY"


def test_the_columns_that_are_used_are_known():
    profile = parse(document())
    assert profile.used_columns == ("Belegnr.", "Belegdatum", "Debitor", "Netto", "Steuer", "Brutto")


def changed(path, value):
    whole = document()
    inside = whole
    *parents, last = path
    for name in parents:
        inside = inside[name]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return whole


FIELDS = ("records", 0, "fields")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["format"], "import-profile/2", "format: the format must be “import-profile/1”."),
        (["name"], None, "The import profile: “name” is missing."),
        (["name"], " ", "name: the text must not be empty."),
        (["name"], "a\0b", "name: character 2 of the text is U+0000, which no text can hold."),
        (["match", "file"], "\ud800*", "match.file: character 1 of the text is U+D800, which no text can hold."),
        (
            [*FIELDS, "erpKey"],
            {"constant": "a\0"},
            "records[0].fields.erpKey.constant: character 2 of the text is U+0000",
        ),
        (["columns"], {"\0": {}}, "columns: character 1 of the text is U+0000, which no text can hold."),
        (["name"], "x" * 101, "name: the text has 101 characters; at most 100 are allowed."),
        (["hidden"], 1, "The import profile: “hidden” is not known here. Known are: format, name, match,"),
        (["match", "columns"], "A", "match.columns: a list is expected here."),
        (["match", "fingerprint"], "xyz", "match.fingerprint: 16 digits of 0–9 and a–f are expected here."),
        (["match", "fingerprint"], "0" * 16, "match.fingerprint: the fingerprint of these columns is “"),
        (["read", "header"], 0, "read.header: the number must be at least 1."),
        (["read", "header"], [1, 3], "read.header: a header of several lines is given as two or three numbers"),
        (["read", "encoding"], "latin1", "read.encoding: “latin1” is not known here. Use one of: utf-8, utf-16,"),
        (["read", "delimiter"], ":", "read.delimiter: “:” is not known here. Use one of: ,, ;, tab, |."),
        (["read", "skip"], [{"line": [1], "totals": "Art"}], "read.skip[0]: exactly one of “line”, “totals” and"),
        (["read", "skip"], [{"totals": "Nix"}], "read.skip[0].totals: match.columns has no column “Nix”."),
        (["styles", "decimal"], None, "styles: “decimal” is missing."),
        (["styles", "dates"], "DD/YYYY", "styles.dates: “DD/YYYY” is not known here. Use one of: YYYY-MM-DD,"),
        (["styles", "thousands"], ["ab"], "styles.thousands: each mark is one character."),
        (["styles", "thousands"], [","], "styles.thousands: “,” is the decimal mark already; it cannot separate"),
        (["columns"], {"Nix": {}}, "columns: match.columns has no column “Nix”."),
        (["records"], [], "records: the list needs at least 1 entry."),
        (["records", 0, "kind"], "Invoyce", "records[0].kind: “Invoyce” is no kind of record. Known are: "),
        (["records", 0, "when"], {"column": "Art"}, "records[0].when: besides “column”, exactly one of “in”, “from”"),
        (["records", 0, "when"], {"column": "Art", "from": 5, "to": 1}, "records[0].when: “from” is greater than"),
        ([*FIELDS, "erpKey"], None, "records[0].fields: “erpKey” is missing, but every invoice needs it. Give a"),
        ([*FIELDS, "totallAmount"], "Netto", "records[0].fields: an invoice has no field “totallAmount”."),
        ([*FIELDS, "netAmount"], "Nix", "records[0].fields.netAmount: match.columns has no column “Nix”."),
        ([*FIELDS, "netAmount"], {"column": "Nix"}, "records[0].fields.netAmount: match.columns has no column “Nix”."),
        ([*FIELDS, "netAmount"], 5, "records[0].fields.netAmount: an object is expected here."),
        ([*FIELDS, "netAmount"], {}, "records[0].fields.netAmount: the source of a field is the name of a column"),
        ([*FIELDS, "netAmount"], {"debit": "Netto"}, "records[0].fields.netAmount: “credit” is missing."),
        ([*FIELDS, "netAmount"], {"constant": None}, "records[0].fields.netAmount.constant: a text, a number, true"),
        ([*FIELDS, "netAmount"], {"constant": True}, "records[0].fields.netAmount: true and false fit only a field"),
        ([*FIELDS, "erpKey"], {"sum": ["Netto"]}, "records[0].fields.erpKey: only numbers can be added up."),
        ([*FIELDS, "erpKey"], {"join": ["Art", "#n"]}, "records[0].fields.erpKey: “#n” counts the lines of a “lineOf”"),
        ([*FIELDS, "erpKey"], {"column": "Art", "negate": True}, "records[0].fields.erpKey: only the sign of a number"),
        ([*FIELDS, "erpKey"], {"column": "Art", "inverted": True}, "records[0].fields.erpKey: only a field that is"),
        ([*FIELDS, "erpKey"], {"column": "Art", "by": "taxId"}, "records[0].fields.erpKey: “by” finds companies, so"),
        (
            [*FIELDS, "erpKey"],
            {"column": "Art", "by": "name"},
            "records[0].fields.erpKey.by: “name” is not known here.",
        ),
        (["answers"], [{"what": "x"}], "answers[0]: “answer” is missing."),
        (["confirmed"], {"by": "x", "at": "y"}, "confirmed: “sample” is missing."),
    ],
)
def test_a_faulty_document_is_refused_with_the_place(path, value, sentence):
    with pytest.raises(ProfileError) as error:
        parse(changed(path, value))
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_what_is_no_object_is_refused(document):
    with pytest.raises(ProfileError, match="The import profile: an object is expected here"):
        parse(document)


def test_sources_nested_without_end_are_refused():
    source = "Art"
    for _ in range(200):
        source = {"first": [source]}
    with pytest.raises(ProfileError, match="nested too deeply"):
        parse(changed([*FIELDS, "referenceCode"], source))


def test_answers_nested_without_end_are_refused():
    answer = "x"
    for _ in range(200):
        answer = [answer]
    with pytest.raises(ProfileError, match=r"answers\[0\].answer.*nested too deeply"):
        parse(changed(["answers"], [{"what": "x", "answer": answer, "evidence": "y"}]))


def test_two_columns_of_one_name_are_refused_only_if_one_is_used():
    twice = [*COLUMNS, "Netto "]
    with pytest.raises(ProfileError, match="“Netto” and “Netto ” cannot be told apart"):
        parse(document(twice))
    unused = [*COLUMNS, "Notiz", "Notiz", "", ""]
    assert parse(document(unused)).fingerprint == fingerprint(unused)


def test_a_record_is_grouped_or_a_line_of_a_group():
    both = document(records=[{"kind": "Invoice", "group": ["Art"], "lineOf": ["Art"], "fields": invoice_fields()}])
    with pytest.raises(ProfileError, match="a record has “group” or “lineOf”, not both"):
        parse(both)
