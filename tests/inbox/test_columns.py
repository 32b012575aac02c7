"""The pages of all columns: what may be loaded, from the one specification."""

import re

import pytest

from adsplatform.records.specification import entities


@pytest.mark.parametrize("kind", list(entities()))
def test_every_column_of_a_kind_is_on_its_page_with_its_length(inbox, kind):
    entity = entities()[kind]
    text = inbox.get(f"/columns/{entity.model.BATCH_KEY}/").text
    rows = dict(re.findall(r'<tr role="row" id="(\w+)">(.*?)</tr>', text, re.DOTALL))
    assert set(rows) == {column.wire for column in entity.columns.values()}
    for column in entity.columns.values():
        if column.max_length:
            assert f'data-label="Longest">{column.max_length:,}<' in rows[column.wire]
        for known in column.known_texts:
            assert known in rows[column.wire]


def test_required_columns_come_first_and_say_what_may_stand_in_for_them(inbox):
    text = inbox.get("/columns/Invoice/").text
    names = re.findall(r'<tr role="row" id="(\w+)">', text)
    assert names[:2] == ["erpKey", "companyErpKey"]
    assert "yes, or companyNetworkId" in text
    assert "no; totalAmount × currencyRate where it is empty" in text
    assert "no; false where it is empty" in text


def test_any_name_of_a_kind_finds_it_and_others_are_404(inbox):
    for name in ("invoiceLines", "InvoiceLine", "invoice_line"):
        assert "Columns of invoice lines" in inbox.get(f"/columns/{name}/").text
    assert inbox.get("/columns/nobody/").status_code == 404


def test_every_kind_is_listed_with_its_templates_and_every_link_leads_to_a_file(inbox):
    text = inbox.get("/columns/").text
    links = re.findall(r'href="(/api/v1/[^"]+)"', text)
    assert len(links) == 2 * len(entities()) + 1
    assert all(inbox.get(link).status_code == 200 for link in links)


def test_upload_problems_and_catalogue_lead_to_the_columns(inbox, make_sync):
    for page in ("/upload/", f"/syncs/{make_sync(succeeded=True).pk}/problems/", "/problem-codes/"):
        assert 'href="/columns/"' in inbox.get(page).text, page
