"""What a person changes on a proposed profile: columns go into other fields, constants come and go."""

import pytest

from syncs.import_profiles.column_changes import (
    Target,
    Use,
    constants_of,
    uses_of,
    with_column,
    with_constant,
)
from syncs.import_profiles.profile import ProfileError

DOCUMENT = {
    "records": [
        {
            "kind": "Payment",
            "when": {"column": "Paid In", "filled": True},
            "fields": {
                "erpKey": "Reference",
                "companyErpKey": {"column": "Payee", "by": "companyName"},
                "paymentAmount": "Paid In",
                "paymentDate": "Date",
                "isOpen": {"constant": True},
                "paymentType": {"constant": "AR Payment"},
                "memoText": {"join": ["Details", "Reference"], "with": " "},
            },
        },
        {
            "kind": "Payment",
            "when": {"column": "Paid Out", "filled": True},
            "fields": {
                "erpKey": "Reference",
                "companyErpKey": {"column": "Payee", "by": "companyName"},
                "paymentAmount": {"column": "Paid Out", "sign": {"column": "Kind", "negative": ["R"]}},
                "paymentDate": "Date",
                "isOpen": {"constant": True},
                "paymentType": {"constant": "AP Payment"},
            },
        },
    ]
}


def fields(document, at=0):
    return document["records"][at]["fields"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Date", [("paymentDate", True)]),
        ("DATE ", [("paymentDate", True)]),
        ("Reference", [("erpKey", True), ("memoText", False)]),
        ("Details", [("memoText", False)]),
        ("Payee", [("companyErpKey", True)]),
        ("Kind", [("paymentAmount", True)]),
        ("Balance", []),
    ],
)
def test_the_fields_that_a_column_fills(column, expected):
    assert uses_of(DOCUMENT, column) == tuple(Use(Target("Payment", field), alone) for field, alone in expected)


def test_a_column_goes_into_another_field_in_every_rule_of_its_kind():
    changed = with_column(DOCUMENT, "Date", [Target("Payment", "postDate")])
    for at in (0, 1):
        assert "paymentDate" not in fields(changed, at)
        assert fields(changed, at)["postDate"] == "Date"
    assert fields(DOCUMENT)["paymentDate"] == "Date"


def test_a_column_may_fill_two_fields_and_be_left_out_of_all_that_it_fills_alone():
    both = with_column(DOCUMENT, "Date", [Target("Payment", "paymentDate"), Target("Payment", "postDate")])
    assert (fields(both)["paymentDate"], fields(both)["postDate"]) == ("Date", "Date")
    left_out = with_column(DOCUMENT, "Reference", [])
    assert "erpKey" not in fields(left_out)
    # With others, only a question decides.
    assert fields(left_out)["memoText"] == {"join": ["Details", "Reference"], "with": " "}


def test_what_stays_keeps_how_it_is_read():
    changed = with_column(DOCUMENT, "Payee", [Target("Payment", "companyErpKey")])
    assert changed == DOCUMENT


def test_a_field_that_another_column_fills_is_refused_and_a_constant_gives_way():
    with pytest.raises(ProfileError, match="“paymentDate” is filled from “Date” already"):
        with_column(DOCUMENT, "Balance", [Target("Payment", "paymentDate")])
    changed = with_column(DOCUMENT, "Closed", [Target("Payment", "isOpen")])
    assert fields(changed)["isOpen"] == "Closed"


@pytest.mark.parametrize("name", ["Payment.nobody", "Nothing.erpKey", "Payment", "", "Payment."])
def test_only_fields_that_can_be_loaded_are_targets(name):
    with pytest.raises(ProfileError, match="is no field that can be loaded"):
        Target.parse(name)


def test_a_kind_that_the_file_does_not_yield_is_refused():
    with pytest.raises(ProfileError, match="yields no invoice"):
        with_column(DOCUMENT, "Date", [Target("Invoice", "invoiceDate")])
    with pytest.raises(ProfileError, match="yields no invoice"):
        with_constant(DOCUMENT, Target("Invoice", "currencyCode"), "EUR")


def test_constants_are_those_that_every_record_of_the_kind_has():
    assert constants_of(DOCUMENT) == {Target("Payment", "isOpen"): True}


def test_constants_are_set_changed_and_removed():
    added = with_constant(DOCUMENT, Target("Payment", "currencyCode"), " GBP ")
    assert [fields(added, at)["currencyCode"] for at in (0, 1)] == [{"constant": "GBP"}] * 2
    changed = with_constant(DOCUMENT, Target("Payment", "isOpen"), "FALSE")
    assert [fields(changed, at)["isOpen"] for at in (0, 1)] == [{"constant": False}] * 2
    removed = with_constant(DOCUMENT, Target("Payment", "isOpen"), None)
    assert "isOpen" not in fields(removed)
    assert with_constant(DOCUMENT, Target("Payment", "paymentDate"), None) == DOCUMENT


def test_a_constant_for_a_filled_field_or_of_another_type_is_refused():
    with pytest.raises(ProfileError, match="“paymentDate” is filled from “Date” already. Leave that column out first."):
        with_constant(DOCUMENT, Target("Payment", "paymentDate"), "2025-01-01")
    with pytest.raises(ProfileError, match="“isOpen” is true or false, not “perhaps”."):
        with_constant(DOCUMENT, Target("Payment", "isOpen"), "perhaps")
