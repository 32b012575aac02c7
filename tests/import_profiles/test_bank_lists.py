"""Lists of a bank with one column of amounts: what came in has no sign, and what went out has a minus."""

import pytest

from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.proposal import complete
from tests.import_profiles.inspecting import asked, books, inspect_one
from tests.import_profiles.loading import ProfiledUploads

BOOKS = books("Acme", "Beta KG", currency="EUR")
LIST = """\
Datum;Verwendungszweck;Auftraggeber/Empfänger;Referenz;Betrag;Währung
31.01.2025;RE 1;Acme;T1;1.100,00;EUR
01.02.2025;Miete;Beta KG;T2;-50,00;EUR
"""


def test_the_sides_of_positive_and_negative_amounts_are_asked():
    one = inspect_one(LIST, "umsaetze.csv", books=BOOKS)
    assert asked(one)["sign"] == "in is AR"
    assert "constant:paymentType" not in asked(one)
    assert asked(one)["reference:Auftraggeber/Empfänger"] == "companyName"
    names = ("paymentType", "paymentAmount", "unappliedAmount")
    assert [[record.values[name] for name in names] for record in one.file.preview.records] == [
        ["AR Payment", "1100.00", "1100.00"],
        ["AP Payment", "50.00", "50.00"],
    ]


def test_the_other_answers_are_followed():
    turned = complete(inspect_one(LIST, "u.csv", books=BOOKS, answers={"sign": "in is AP"}).proposal, {})
    assert [rule.fields["paymentType"].constant for rule in turned.records] == ["AP Payment", "AR Payment"]
    kept = inspect_one(LIST, "u.csv", books=BOOKS, answers={"sign": "keep"})
    assert asked(kept)["constant:paymentType"] is None
    (rule,) = complete(kept.proposal, {"constant:paymentType": "AR Payment"}).records
    assert rule.when is None


@pytest.mark.parametrize("amount", ["50,00", "0,00"])
def test_amounts_of_one_sign_are_not_asked_about(amount):
    assert "sign" not in asked(inspect_one(LIST.replace("-50,00", amount), "u.csv", books=BOOKS))


@pytest.mark.django_db
def test_a_list_of_a_bank_loads_as_payments_of_both_sides():
    uploads = ProfiledUploads()
    uploads.companies(("K1", "Acme"), ("K2", "Beta KG"))
    uploads.save(to_json(complete(inspect_one(LIST, "u.csv", books=BOOKS).proposal, {})))
    uploads.load(LIST, "umsaetze.csv")
    assert uploads.records("Payment", "companyErpKey", "paymentType", "paymentAmount") == {
        "T1": ["K1", "AR Payment", "1100"],
        "T2": ["K2", "AP Payment", "50"],
    }
