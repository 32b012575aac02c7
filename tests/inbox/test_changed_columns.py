"""What a person changes of the columns and styles on the page *How is this file written?*"""

import re
from dataclasses import replace
from html import unescape

import pytest

from syncs.models import SyncRequest
from tests.inbox.unknown_files import CURRENCY, DAY_FIRST, FILE, PROPOSAL, is_off, posted


def test_columns_and_constants_that_a_person_changes_are_in_the_profile(inspected, inbox, upload_file):
    page = upload_file()
    changed = {
        "f0-c1t0": "Invoice.postedDate",
        "f0-c3t0": "Invoice.specialTerms",
        "f0-k2f": "Invoice.isDraft",
        "f0-k2v": "true",
        "f0-k1f": "",
        "f0-c0t1": "Invoice.customerErpKey",
    }
    text = inbox.post(page, posted(**{**DAY_FIRST, **changed})).text
    assert '<option value="Invoice.postedDate" selected>' in text
    assert inbox.post(page, posted("confirm", **{**DAY_FIRST, **changed})).status_code == 302
    ((_, _, document),) = inspected.saved
    assert document["records"][0]["fields"] == {
        "erpKey": "No",
        "customerErpKey": "No",
        "postedDate": "Date",
        "totalAmount": "Total",
        "specialTerms": "Remarks",
        "companyErpKey": {"constant": "OWN"},
        "currencyCode": {"constant": "GBP"},
        "isDraft": {"constant": True},
    }


def test_another_style_of_a_proven_column_is_seen_before_it_is_kept(inspected, inbox, upload_file):
    page = upload_file()
    file = replace(FILE, proposal=PROPOSAL | {"styles": {**PROPOSAL["styles"], "thousands": [","]}}, ask=(CURRENCY,))
    inspected.files = [file]
    assert "Sum as read: <strong>73.50</strong> GBP" in inbox.post(page, posted(shown=(CURRENCY,))).text
    comma = inbox.post(page, posted(shown=(CURRENCY,), **{"f0-c2decimal": ","})).text
    assert '<option value="," selected>' in comma
    # What stands between thousands follows.
    assert "Point between thousands, as it is" in comma
    assert "Change what does not fit" in comma
    assert "“10.50” is a number, but it is not written with a decimal comma" in comma

    month_first = posted("confirm", shown=(CURRENCY,), **{"f0-c2thousands": " ", "f0-c1dates": "MM/DD/YYYY"})
    shown = inbox.post(page, month_first)
    assert (shown.status_code, inspected.saved) == (200, [])
    assert "<td>2025-03-04</td>" in shown.text
    (styles,) = re.findall('name="f0-shown-styles" value="([^"]*)"', shown.text)
    assert inbox.post(page, month_first | {"f0-shown-styles": unescape(styles)}).status_code == 302
    assert inspected.saved[0][2]["columns"] == {"Total": {"thousands": [" "]}, "Date": {"dates": "MM/DD/YYYY"}}


def test_two_columns_may_change_places(inspected, inbox, upload_file):
    page = upload_file()
    swapped = {"f0-c0t0": "Invoice.referenceCode", "f0-c3t0": "Invoice.erpKey"}
    assert inbox.post(page, posted("confirm", **{**DAY_FIRST, **swapped})).status_code == 302
    fields = inspected.saved[0][2]["records"][0]["fields"]
    assert (fields["erpKey"], fields["referenceCode"]) == ("Remarks", "No")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"f0-c3t0": "Invoice.totalAmount"}, "“totalAmount” is filled from “Total” already."),
        ({"f0-c0t0": ""}, "erpKey"),
        ({"f0-k2f": "Invoice.isDraft", "f0-k2v": "perhaps"}, "“isDraft” is true or false, not “perhaps”."),
        ({"f0-k2f": "Invoice.invoiceDate", "f0-k2v": "2025-01-01"}, "“invoiceDate” is filled from “Date” already."),
    ],
)
def test_a_profile_that_cannot_be_used_says_why_and_is_not_confirmed(inspected, inbox, upload_file, change, sentence):
    page = upload_file()
    answer = inbox.post(page, posted("confirm", **{**DAY_FIRST, **change}))
    assert answer.status_code == 200
    assert sentence in answer.text
    assert is_off(answer)
    assert not SyncRequest.objects.exists()
