"""What is proposed, asked and told for files as programs export them; each stands for its kind."""

import pytest

from syncs.import_profiles.profile import ColumnSource
from syncs.import_profiles.proposal import complete
from syncs.import_profiles.questions import AnswerError
from tests.import_profiles.inspecting import asked, books, inspect_one, shown

DATEV = (
    '"EXTF";700;16;"Debitoren/Kreditoren";5;20250301090000000;;"RE";"";"";2002;77;20250101;4;;;"";"";;;;"EUR"\r\n'
    "Konto;Name (Adressattyp Unternehmen);Name (Adressattyp natürl. Person);Vorname (Adressattyp natürl. Person);"
    "Name (Adressattyp keine Angabe);EU-Land;EU-UStID;Straße;Postleitzahl;Ort;Telefon\r\n"
    '11200;"Gärtnerei Süß";"";"";"";"DE";"111222333";"Weg 1";"50667";"Köln";""\r\n'
    '11201;"";"Öztürk";"Aylin";"";"";"";"Gasse 7";"20095";"Hamburg";""\r\n'
    '70500;"";"";"";"Stadtwerke";"";"";"Platz 2";"70173";"Stuttgart";"0711 1"\r\n'
).encode("cp1252")


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


GERMAN = """\
Rechnungsnr.;Rechnungsdatum;Fälligkeit;Kundennummer;Kundenname;Belegart;Nettobetrag;MwSt-Betrag;Bruttobetrag;Offen;Währung;Status
4711;28.02.2025;14.03.2025;K1;Alpha GmbH;Rechnung;2.000,00;380,00;2.380,00;2.380,00;EUR;offen
4712;01.03.2025;15.03.2025;K2;Beta KG;Rechnung;10,50;2,00;12,50;0,00;EUR;bezahlt
4713;02.03.2025;;K1;Alpha GmbH;Gutschrift;-100,00;-19,00;-119,00;-119,00;EUR;offen
;;;;Summe;;1.910,50;363,00;2.273,50;2.261,00;;
"""


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


LINES = """\
InvoiceNo,Customer,InvoiceDate,DueDate,Terms,Item(Product/Service),ItemDescription,ItemQuantity,ItemRate,ItemAmount,ItemTaxAmount
900,Harbor Cafe,05/20/2025,06/19/2025,Net 30,Beans,Espresso,10,"1,020.00","10,200.00",0.00
900,Harbor Cafe,05/20/2025,06/19/2025,Net 30,Milk,Oat,4,2.25,9.00,0.45
901,Quay Books,05/21/2025,06/20/2025,Net 30,Beans,Filter,1,15.00,15.00,0.00
"""


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


CONTACTS = """\
*ContactName,AccountNumber,EmailAddress,FirstName,LastName,POAddressLine1,POCity,POPostalCode,PhoneNumber,TaxNumber
Elm Bakery,ELM1,hi@elm.example,Ann,Moss,1 Elm St,Leeds,LS1 1AA,0113 1,GB1
Fir Motors,,fix@fir.example,,,2 Fir Rd,York,YO1 1AA,,
"""


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


FRENCH = """\
N° facture;Date de facture;Date d'échéance;Code client;Montant HT;TVA;Montant TTC;Reste à payer;Devise;Payée
F1;17/06/2024;17/07/2024;C1;3\u00a0000,00;600,00;3\u00a0600,00;0,00;EUR;oui
F2;02/07/2024;01/08/2024;C2;10\u202f000,50;2\u202f000,10;12\u202f000,60;12\u202f000,60;EUR;non
F3;04/07/2024;03/08/2024;C1;50,00;10,00;60,00;60,00;EUR;non
"""


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


SWISS = """\
Rechnung Nr.\tDatum\tZahlbar bis\tKundennummer\tNetto\tMWST-Betrag\tTotal\tWährung\tKurs
1\t05.09.2025\t05.10.2025\t7\t2'000.50\t160.00\t2'160.50\tCHF\t1
2\t06.09.2025\t06.10.2025\t8\t40’000.00\t3’200.00\t43’200.00\tCHF\t1
3\t30.09.2025\t30.10.2025\t7\t100.—\t0.—\t100.—\tEUR\t0.94
"""


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


REPORT = """\
Lake Supply Inc,,,,,,
Open Invoices,,,,,,
"As of June 30, 2025",,,,,,
,,,,,,
Customer,Date,Transaction Type,Num,Due Date,Open Balance,Amount
Iris Florist,05/30/2025,Invoice,31,06/29/2025,"2,500.00","2,500.00"
Iris Florist,06/02/2025,Credit Memo,CM1,06/02/2025,(40.00),(40.00)
Total Iris Florist,,,,,"2,460.00","2,460.00"
Total Care Clinic,06/13/2025,Invoice,32,07/13/2025,100.50,200.25
Total Total Care Clinic,,,,,100.50,200.25
TOTAL,,,,,"2,560.50","2,660.25"
,,,,,,
"Monday, Jun 30, 2025 09:00:00 AM GMT-5 - Accrual Basis",,,,,,
"""


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


TWO_ROWS = """\
Rechnung;;;Kunde;;Betrag;;
Nr.;Datum;Fällig;Nr.;Name;Netto;Steuer;Brutto
B1;31.03.2025;45772;K5;Ceta AG;100,00;19,00;119,00
B2;01.04.2025;45773;K6;Delta AG;200,00;38,00;238,00
"""


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


BANK = """\
Date,Reference,Payee,Details,Paid Out,Paid In,Balance
21/05/2025,R1,Oak Ltd,part,,"2,000.00","5,000.00"
22/05/2025,R2,Power Co,May,"150.50",,"4,849.50"
03/06/2025,R3,Ash Ltd,rest,,50.00,"4,899.50"
"""


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


MIXED = """\
Type,Number,Date,Customer ID,Amount,Open,Method
Invoice,S1,02/03/2025,K1,"2,000.00","2,000.00",
Payment,P1,04/03/2025,K1,300.00,0.00,Check
Credit Memo,S2,05/03/2025,K2,80.00,80.00,
Payment,P2,06/07/2025,K2,200.00,25.00,Wire
"""


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


def test_an_answer_that_is_none_of_the_choices_is_refused():
    one = inspect_one(MIXED, books=books())
    with pytest.raises(AnswerError, match=r"“YYYY” is no answer to “How are the dates in “Date” written\?”"):
        complete(one.proposal, {"dates:Date": "YYYY"})


def test_a_word_without_a_meaning_is_refused():
    one = inspect_one(GERMAN, books=books())
    with pytest.raises(AnswerError, match="Say what “bezahlt” means in “Status”"):
        complete(one.proposal, {"values:Status": {"offen": "Open"}})


def test_a_person_may_say_what_a_column_holds():
    answers = {"column:Kundenname": "specialTerms", "column:Nettobetrag": "", "constant:companyErpKey": "ME"}
    one = inspect_one(GERMAN, books=books())
    invoice = complete(one.proposal, answers).records[0]
    assert invoice.fields["specialTerms"].column == "Kundenname"
    assert "netAmount" not in invoice.fields
    assert invoice.fields["companyErpKey"].constant == "ME"


def test_the_profile_keeps_what_was_asked_and_who_confirmed_it():
    one = inspect_one(GERMAN, "mai.csv", books=books())
    profile = complete(one.proposal, {}, name="Rechnungsliste", confirmed_by="ines@example.org")
    assert profile.name == "Rechnungsliste"
    assert {answer["what"] for answer in profile.answers} == set(asked(one))
    assert profile.confirmed["by"] == "ines@example.org"
    assert profile.confirmed["sample"] == "mai.csv"


def test_the_preview_shows_records_as_they_would_be_read():
    preview = inspect_one(GERMAN, books=books()).file.preview
    assert (preview.lines, preview.rejected) == (4, 0)
    assert preview.totals["Invoice.totalAmount"] == {"EUR": "2511.50"}
    first, _, credit = preview.records
    assert (first.kind, first.line, first.values["invoiceDate"], first.values["totalAmount"]) == (
        "Invoice",
        2,
        "2025-02-28",
        "2380.00",
    )
    assert (credit.values["invoiceTypeCode"], credit.values["totalAmount"]) == ("AR Credit Memo", "119.00")


def test_the_preview_counts_the_lines_that_would_be_rejected():
    text = GERMAN.replace("12,50;0,00", "twelve;0,00").rpartition(";;;;Summe")[0]
    preview = inspect_one(text, books=books()).file.preview
    assert preview.rejected == 1


def test_the_preview_waits_for_open_styles():
    assert inspect_one(MIXED, books=books()).file.preview.records == ()
    answered = inspect_one(MIXED, books=books(), answers={"dates:Date": "DD/MM/YYYY"}).file.preview
    assert [record.values["erpKey"] for record in answered.records] == ["S1", "P1", "S2", "P2"]


def test_an_invoice_stands_before_its_lines_in_the_preview():
    preview = inspect_one(LINES, books=books()).file.preview
    assert [(record.kind, record.values["erpKey"]) for record in preview.records] == [
        ("Invoice", "900"),
        ("InvoiceLine", "900-1"),
        ("InvoiceLine", "900-2"),
        ("Invoice", "901"),
        ("InvoiceLine", "901-1"),
    ]


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


def test_a_column_that_says_the_opposite_is_inverted():
    rows = "C1;Alpha GmbH;Kunde;Köln;50667;\nC2;Beta KG;Lieferant;Hamburg;20095;X\n"
    one = inspect_one("Kundennummer;Firmenname;Kunde/Lieferant;Ort;PLZ;Gesperrt\n" + rows, "stamm.csv", books=books())
    assert asked(one)["column:Gesperrt"] == "isActive"
    assert asked(one)["booleans:Gesperrt"] == {"X": True}
    answers = {"column:Gesperrt": "isActive", "booleans:Gesperrt": {"X": True}}
    for given in ({}, answers):
        marked, otherwise = complete(one.proposal, given).records[0].fields["isActive"].first
        assert (marked.column, marked.inverted, otherwise.constant) == ("Gesperrt", True, True)
    assert [record.values["isActive"] for record in one.file.preview.records] == ["true", "false"]


@pytest.mark.parametrize(
    ("cells", "pattern"),
    [
        (("2025/01/31", "2025/02/28"), "YYYY-MM-DD"),
        (("31-01-25", "28-02-25"), "DD-MM-YY"),
        (("01-31-25", "02-28-25"), "MM-DD-YY"),
        (("31-Jan-25", "28-Feb-25"), "DD-MMM-YYYY"),
        (("31 janv. 25", "28 févr. 25"), "DD MMM YY"),
    ],
)
def test_each_pattern_that_is_found_can_be_read(cells, pattern):
    rows = "".join(f"A{place},C1,{cell},5.50,EUR\n" for place, cell in enumerate(cells))
    one = inspect_one("Invoice No,Customer ID,Invoice Date,Total Amount,Currency\n" + rows, books=books())
    assert complete(one.proposal, {}).styles.dates == pattern
    dates = [record.values["invoiceDate"] for record in one.file.preview.records]
    assert dates == ["2025-01-31", "2025-02-28"]


def test_a_side_behind_amounts_is_asked_and_nothing_is_taken_for_granted():
    content = "Invoice No,Customer ID,Date,Total\nR1,K1,2024-12-31,125.00 CR\nR2,K1,2024-12-31,12.50 DR\n"
    one = inspect_one(content, "invoices.csv", books=books(keys=("K1",), currency="EUR"))
    assert asked(one)["side:Total"] is None
    with pytest.raises(AnswerError, match="Which amounts in “Total” are negative"):
        complete(one.proposal, {})
    source = complete(one.proposal, {"side:Total": "DR", "constant:invoiceTypeCode": "AR Invoice"}).records[0].fields
    assert source["totalAmount"] == ColumnSource("Total", sign_column="Total", negative=("DR",), positive=("CR",))


def test_several_currencies_beside_the_amounts_are_those_of_the_lines():
    content = "Invoice No,Customer ID,Date,Total\nR1,K1,2024-12-31,125.00 EUR\nR2,K1,2024-12-31,12.50 USD\n"
    one = inspect_one(content, "invoices.csv", books=books(keys=("K1",), currency="EUR"))
    assert "constant:currencyCode" not in asked(one)
    assert any("stands beside its amount in “Total”" in said for said in one.proposal.told)
    fields = complete(one.proposal, {"constant:invoiceTypeCode": "AR Invoice"}).records[0].fields
    assert fields["currencyCode"] == ColumnSource("Total", currency=True)


@pytest.mark.parametrize(
    ("rates", "suggested"), [(("19", "7"), "percent"), (("19 %", "0 %"), "percent"), (("0.19", "0"), "fraction")]
)
def test_whether_rates_of_tax_are_percent_is_asked(rates, suggested):
    rows = "".join(f"R1,{at},Chair,1,5.00,5.00,{rate}\n" for at, rate in enumerate(rates, start=1))
    one = inspect_one("Invoice No,Line No,Item,Quantity,Unit Price,Amount,Tax Rate\n" + rows, "lines.csv")
    assert asked(one)["rate:Tax Rate"] == suggested
    source = next(
        rule["fields"]["taxRate"] for rule in one.proposal.document["records"] if rule["kind"] == "InvoiceLine"
    )
    assert source == ({"column": "Tax Rate", "percent": True} if suggested == "percent" else "Tax Rate")
