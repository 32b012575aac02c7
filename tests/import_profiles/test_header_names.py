"""How names of columns are compared."""

import pytest

from syncs.import_profiles import header_names
from syncs.import_profiles.header_names import HeaderName, fingerprint, key_of, normal_form, read_name


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Rechnungsnr.", "rechnungs no"),
        ("Rechnungsnummer", "rechnungs no"),
        ("RECHNUNGS-NR", "rechnungs no"),
        ("fakturanr", "faktura no"),
        ("Invoice #", "invoice no"),
        ("*InvoiceNo", "invoice no"),
        ("N° facture", "no facture"),
        ("Nº factura", "no factura"),
        ("№", "no"),
        ("Num", "no"),
        ("POAddressLine1", "po address line 1"),
        ("Umsatz & Steuer", "umsatz and steuer"),
        ("Item Tax %", "item tax percent"),
        ("Straße", "strasse"),
        ("Échéance\u200b", "echeance"),
        ("Amount (LCY)", "amount lcy"),
        ("Name (Adressattyp Unternehmen)", "name adressattyp unternehmen"),
        ("Created (UTC)", "created utc"),
        ("Comma", "comma"),
    ],
)
def test_a_name_has_a_normal_form(name, normal):
    assert normal_form(name) == normal


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Fecha dd/mm/yyyy*", HeaderName("fecha", date_pattern="dd/mm/yyyy")),
        ("Datum (TT.MM.JJJJ)", HeaderName("datum", date_pattern="TT.MM.JJJJ")),
        ("Date (YYYY-MM-DD)", HeaderName("date", date_pattern="YYYY-MM-DD")),
        ("Betrag (EUR)", HeaderName("betrag", currency="EUR")),
        ("Total (£)", HeaderName("total", currency="£")),
        ("Total (net)", HeaderName("total net")),
    ],
)
def test_what_says_how_values_are_written_is_taken_off_and_returned(name, read):
    assert read_name(name) == read


def test_spellings_of_umlauts_have_one_key():
    assert {key_of(name) for name in ("Fälligkeit", "Faelligkeit", "FALLIGKEIT", "Fa\u0308lligkeit")} == {"falligkeit"}


def test_the_fingerprint_depends_on_neither_order_nor_spelling():
    assert fingerprint(["Kunde", "Datum", "Betrag"]) == fingerprint(["BETRAG", " Kunde ", "Datum"])
    assert fingerprint(["Kunde", "Datum", "Betrag"]) != fingerprint(["Kunde", "Datum"])
    # The method is published, so a program can compute it: SHA-256 of "betrag\ndatum\nkunde".
    assert fingerprint(["Kunde", "Datum", "Betrag"]) == "6707825ec7c4462c"


def test_the_synonyms_are_in_normal_form_and_never_name_two_fields():
    for kind, fields in header_names.synonyms().items():
        keys = [key_of(name) for names in fields.values() for name in names]
        assert all(normal_form(name) == name for names in fields.values() for name in names), kind
        owners = {(key_of(name), field) for field, names in fields.items() for name in names}
        assert len(owners) == len(set(keys)), kind


def test_a_synonym_is_found_by_any_spelling():
    invoice = header_names.fields_by_key("Invoice")
    assert invoice[key_of("Rechnungsnr.")] == invoice[key_of("Invoice No.")] == "erpKey"
    assert invoice[key_of("Due Date")] == "paymentDueDate"
    assert header_names.fields_by_key("Nothing") == {}


def test_the_roles_are_read_too():
    assert "zwischensumme" in header_names.roles()["totals"]
