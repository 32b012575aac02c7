"""What is proposed, asked and told for files as programs export them; each stands for its kind."""

import pytest

from syncs.import_profiles.proposal import complete
from syncs.import_profiles.questions import AnswerError
from tests.import_profiles.exports import BANK, CONTACTS, DATEV, FRENCH, GERMAN, LINES, MIXED, REPORT, SWISS, TWO_ROWS
from tests.import_profiles.inspecting import asked, books, inspect_one, shown


def test_customers_and_vendors_by_the_number_of_their_account():
    one = inspect_one(DATEV, "stammdaten.csv")
    assert asked(one) == {"kind": "DATEV accounts", "constant:isActive": True}
    assert shown(one, "kind") == "Company: customers from Konto 10000, vendors from 70000."
    assert "The encoding is cp1252, as in all files of DATEV." in one.file.told
    assert "The names stand in line 2; line 1 is DATEV’s own." in one.file.told
    assert "The name stands in 3 columns: the first that is filled in is taken." in one.file.told
    profile = complete(one.proposal, {})
    assert [(rule.when.from_number, rule.when.to_number) for rule in profile.records] == [
        (10_000, 69_999),
        (70_000, 99_999),
    ]
    assert (profile.read.encoding, profile.read.header) == ("cp1252", (2,))


def test_a_german_list_of_invoices_with_credit_notes_and_totals():
    one = inspect_one("\ufeff" + GERMAN, "liste.csv", books=books())
    assert asked(one) == {
        "constant:companyErpKey": "OWN",
        "values:Belegart": {"Rechnung": "AR Invoice", "Gutschrift": "AR Credit Memo, amounts turned positive"},
        "values:Status": {"offen": "Open", "bezahlt": "Closed"},
    }
    assert "Line 5 is a total: its amounts are the sums of lines above." in one.file.told
    assert one.file.summary == "Semicolons, decimal commas, dates like 28.02.2025, 11 of 12 columns recognised"
    profile = complete(one.proposal, {})
    invoice, credit = profile.records
    assert (invoice.when.any_of, credit.when.any_of) == (("Rechnung",), ("Gutschrift",))
    assert credit.fields["totalAmount"].negate
    assert not getattr(invoice.fields["totalAmount"], "negate", False)


def test_invoices_whose_header_is_repeated_in_each_line():
    one = inspect_one(LINES, books=books("Harbor Cafe", "Quay Books"))
    assert asked(one) == {
        "layout": "AR Invoice",
        "tax": "without",
        "reference:Customer": "companyName",
        "key:InvoiceLine": "position",
        "constant:companyErpKey": "OWN",
        "constant:currencyCode": "USD",
    }
    assert shown(one, "layout") == (
        "One Invoice for each InvoiceNo, one InvoiceLine for each line; nothing else varies within a number."
    )
    assert shown(one, "tax") == "ItemQuantity × ItemRate = ItemAmount in 3 of 3 lines"
    assert shown(one, "reference:Customer") == "By company name, 2 of 2 found."
    assert "The file has no outstanding balance: it is left empty." in one.file.told
    profile = complete(one.proposal, {})
    assert [(rule.kind, rule.group, rule.line_of) for rule in profile.records] == [
        ("Invoice", ("InvoiceNo",), ()),
        ("InvoiceLine", (), ("InvoiceNo",)),
    ]
    assert profile.records[0].fields["totalAmount"].sum == ("ItemAmount", "ItemTaxAmount")


def test_companies_with_a_person_each_and_a_key_with_gaps():
    one = inspect_one(CONTACTS, books=books())
    assert asked(one) == {
        "kind": "Company, Contact",
        "key:Company": "*ContactName",
        "constant:companyType": "Customer",
        "constant:isActive": True,
    }
    assert shown(one, "key:Company") == "AccountNumber, 1 of 2 empty → *ContactName there"
    company, contact = complete(one.proposal, {}).records
    assert (company.kind, contact.kind, contact.when.column) == ("Company", "Contact", "LastName")
    assert contact.fields["contactName"].join == ("FirstName", "LastName")
    rejecting = complete(one.proposal, {"key:Company": "reject"}).records[0]
    assert rejecting.fields["erpKey"].column == "AccountNumber"


def test_a_french_list_with_paid_or_not_and_blanks_in_numbers():
    one = inspect_one(FRENCH, books=books())
    assert asked(one) == {
        "column:TVA": "salesTaxAmount",
        "values:Payée": {"oui": "Closed", "non": "Open"},
        "constant:companyErpKey": "OWN",
        "constant:invoiceTypeCode": "AR Invoice",
    }
    assert shown(one, "column:TVA") == "Montant HT + TVA = Montant TTC in 3 of 3 lines"
    assert one.proposal.document["styles"]["thousands"] == [".", "\u00a0", "\u202f"]


def test_a_swiss_list_with_apostrophes_whole_amounts_and_rates():
    one = inspect_one(SWISS, books=books())
    assert asked(one) == {
        "column:Datum": "invoiceDate",
        "column:Total": "totalAmount",
        "rate:Kurs": "multiply",
        "constant:companyErpKey": "OWN",
        "constant:invoiceTypeCode": "AR Invoice",
    }
    assert shown(one, "rate:Kurs").startswith("1 EUR = 0.94 CHF: base amount = amount × rate")
    assert "Apostrophes (' and ’) are thousands separators." in one.file.told
    assert "“100.—” is a whole amount." in one.file.told
    assert one.file.delimiter == "\t"
    left_out = complete(one.proposal, {"rate:Kurs": "leave out"}).records[0]
    assert "currencyRate" not in left_out.fields


def test_a_report_with_titles_totals_and_a_footer():
    one = inspect_one(REPORT, books=books("Iris Florist", "Total Care Clinic"))
    assert asked(one) == {
        "header": "5",
        "values:Transaction Type": {
            "Invoice": "AR Invoice",
            "Credit Memo": "AR Credit Memo, amounts turned positive",
        },
        "column:Amount": "totalAmount",
        "column:Date": "invoiceDate",
        "reference:Customer": "companyName",
        "constant:companyErpKey": "OWN",
        "constant:currencyCode": "USD",
        "constant:invoiceStatusCode": "Open",
    }
    assert "Lines 8, 10 and 11 are totals: their amounts are the sums of lines above." in one.file.told
    assert "Line 13 is a footer." in one.file.told
    assert "Brackets are negative: “(40.00)”." in one.file.told
    # A customer who is called Total is none.
    assert one.proposal.draft.table.lines == [6, 7, 9]


def test_names_in_two_rows_and_days_as_numbers():
    one = inspect_one(TWO_ROWS, books=books())
    assert asked(one) == {
        "header": "1, 2",
        "dates:Rechnung Fällig": "excel",
        "constant:currencyCode": "EUR",
        "constant:companyErpKey": "OWN",
        "constant:invoiceTypeCode": "AR Invoice",
    }
    assert shown(one, "header") == "Rows 1 and 2 together; “Nr.” stands twice in row 2 alone."
    assert shown(one, "dates:Rechnung Fällig") == (
        "Excel’s day numbers: 45772 is 2025-04-25. Each is 25 days after “Rechnung Datum”."
    )
    assert complete(one.proposal, {}).read.header == (1, 2)


def test_names_in_two_rows_may_be_repeated():
    text = TWO_ROWS.replace(";;;Kunde;;Betrag;;", ";Rechnung;Rechnung;Kunde;Kunde;Betrag;Betrag;Betrag")
    assert asked(inspect_one(text, books=books())) == asked(inspect_one(TWO_ROWS, books=books()))


def test_money_in_and_out_with_a_running_balance():
    one = inspect_one(BANK, books=books("Oak Ltd", "Ash Ltd"))
    assert asked(one) == {
        "amount": "in is AR",
        "key:Payment": "Reference",
        "reference:Payee": "companyName",
        "constant:unappliedAmount": "whole",
        "column:Date": "paymentDate, postDate",
        "constant:currencyCode": "GBP",
    }
    assert shown(one, "amount") == ("Paid In → AR Payment, Paid Out → AP Payment; exactly one is filled in each line.")
    assert shown(one, "reference:Payee") == "By company name, 2 of 3 found. Lines of “Power Co” will be rejected."
    assert "“Balance” is a running balance (each is the one before + in − out): it is not loaded." in one.file.told
    sides = {rule.when.column: rule.fields["paymentType"].constant for rule in complete(one.proposal, {}).records}
    assert sides == {"Paid In": "AR Payment", "Paid Out": "AP Payment"}


def test_several_kinds_in_one_file_and_dates_that_must_be_asked():
    one = inspect_one(MIXED, books=books())
    assert asked(one) == {
        "dates:Date": None,
        "values:Type": {"Invoice": "AR Invoice", "Payment": "AR Payment", "Credit Memo": "AR Credit Memo"},
        "column:Amount": "totalAmount, paymentAmount",
        "column:Open": "outstandingBalanceAmount, unappliedAmount",
        "constant:companyErpKey": "OWN",
        "constant:currencyCode": "USD",
        "values:Method": {"Check": "Check", "Wire": "Wire Transfer"},
    }
    assert one.file.ask[0].id == "dates:Date"
    assert [choice.value for choice in one.file.ask[0].choices] == ["DD/MM/YYYY", "MM/DD/YYYY"]
    assert shown(one, "dates:Date").startswith("S1: 2 March 2025 or 3 February 2025; P1: 4 March 2025 or 3 April 2025")
    assert "The credit note is positive already: nothing is turned." in one.file.told
    with pytest.raises(AnswerError, match=r"This is still open: How are the dates in “Date” written\?"):
        complete(one.proposal, {})
    profile = complete(one.proposal, {"dates:Date": "MM/DD/YYYY"})
    assert profile.styles.dates == "MM/DD/YYYY"
    assert [(rule.kind, rule.when.any_of) for rule in profile.records] == [
        ("Invoice", ("Invoice",)),
        ("Payment", ("Payment",)),
        ("Invoice", ("Credit Memo",)),
    ]
    assert profile.records[1].fields["isOpen"].values == {"0.00": False, "*": True}


@pytest.mark.parametrize(
    "text", [GERMAN, LINES, CONTACTS, FRENCH, SWISS, REPORT, TWO_ROWS, BANK, MIXED], ids=lambda text: text[:20]
)
def test_to_confirm_each_suggestion_makes_the_same_profile(text):
    one = inspect_one(text, books=books())
    open_ones = {"dates:Date": "DD/MM/YYYY"} if text is MIXED else {}
    confirmed = {id: suggest for id, suggest in asked(one).items() if suggest is not None} | open_ones
    expected = complete(one.proposal, open_ones)
    assert complete(one.proposal, confirmed).records == expected.records
    again = inspect_one(text, books=books(), answers=confirmed)
    assert complete(again.proposal, {}).records == expected.records
    assert not [question.id for question in again.file.ask if question.is_open]
