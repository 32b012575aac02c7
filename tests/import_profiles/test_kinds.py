"""Which kinds of record a file holds, by the headers of programs; and what is asked of keys."""

import pytest

from syncs.import_profiles.proposal import complete
from tests.import_profiles.inspecting import asked, books, inspect_one, shown

HEADERS = [
    ("Invoice,InvoiceLine", "Invoice Date,Invoice ID,Customer ID,Due Date,Item Name,Quantity,Item Price,Total,Balance"),
    ("Invoice,InvoiceLine", "*ContactName,*InvoiceNumber,*InvoiceDate,*DueDate,*Description,*Quantity,*UnitAmount"),
    ("Invoice,InvoiceLine", "Client Name,Invoice #,Date Issued,Date Due,Item Name,Rate,Quantity,Line Subtotal"),
    ("Invoice,InvoiceLine", "Núm. factura*,Fecha dd/mm/yyyy*,Nombre del contacto*,Concepto*,Precio unidad*,Unidades*"),
    ("Invoice", "Number,Invoice Partner Display Name,Invoice/Bill Date,Due Date,Total Signed,Amount Due Signed"),
    ("Invoice", "Factuurnummer,Factuurdatum,Vervaldatum,Relatiecode,Bedrag,Openstaand"),
    ("Invoice", "Fakturanr,Fakturadatum,Förfallodatum,Kundnr,Belopp,Moms"),
    ("Invoice", "Customer,Num,Date,Due Date,Open Balance"),
    ("JournalEntry,JournalEntryLine", "*JournalNo,*JournalDate,*AccountName,*Debits,*Credits,Description"),
    ("JournalEntry,JournalEntryLine", "JournalCode,EcritureNum,EcritureDate,CompteNum,CompteLib,Debit,Credit"),
    ("FinancialAccount", "*Code,*Name,*Type,*Tax Code,Description,Dashboard"),
    ("FinancialAccountBalanceHistory", "Account Code,Year,Period,Balance"),
    ("Company", "CardCode,CardName,CardType,LicTradNum,Phone1,E_Mail,City"),
    ("Company", "Kundennummer,Firmenname,Straße,PLZ,Ort,USt-IdNr."),
    ("Company,Contact", "Kunden-Nr.,Nachname,Vorname,Organisation,Umsatzsteuer-ID,Strasse,PLZ,Ort"),
    ("Payment", "id,Created (UTC),Amount,Currency,Customer ID,Invoice ID"),
    ("Payment", "Internal ID,Customer,Date,Payment Amount"),
    ("Payment", "Date,Reference,Payee,Paid Out,Paid In,Balance"),
    ("Payment", "Datum,Verwendungszweck,Betrag Soll,Betrag Haben"),
    ("", "Konto,Gegenkonto (ohne BU-Schlüssel),Soll/Haben-Kennzeichen,Umsatz (ohne Soll/Haben-Kz),Belegfeld 1"),
    ("", "Foo,Bar,Baz"),
]


@pytest.mark.parametrize(("kinds", "header"), HEADERS)
def test_the_kind_is_found_by_what_the_columns_are_for(kinds, header):
    row = ",".join(str(place + 1) for place in range(header.count(",") + 1))
    one = inspect_one(f"{header}\n{row}\n")
    assert ",".join(one.file.kinds) == kinds
    assert ("kind" in asked(one)) == (kinds in ("", "Company,Contact"))


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        (
            "Zahlungsnr.;Datum;Kunde;Betrag;Rechnungsnr.\nZ1;31.01.2025;K1;1,50;R1\nZ2;31.01.2025;K2;2,50;R2\n",
            "x",
            "Payment",
        ),
        ("Zahlungsnr.;Rechnungsnr.;Betrag\nZ1;R1;1,50\nZ1;R2;2,50\n", "x", "PaymentApplied"),
        ("Datum;Kunde;Betrag;Rechnungsnr.\n31.01.2025;K1;1,50;R1\n", "Zahlungen Januar", "Payment"),
    ],
)
def test_a_list_of_payments_with_numbers_of_invoices_is_asked(text, name, kind):
    one = inspect_one(text, f"{name}.csv")
    assert asked(one)["kind"] == kind
    assert "payment" in shown(one, "kind")
    other = inspect_one(text, f"{name}.csv", answers={"kind": "Invoice"})
    assert other.file.kinds == ("Invoice",)


def test_what_is_applied_is_sure_and_an_invoice_may_name_its_payment():
    applied = "Zahlungsnr.;Rechnungsnr.;Ausgleichsbetrag\nZ1;R1;1,50\n"
    invoices = "Rechnungsnr.;Fällig am;Betrag;Zahlungsnr.\nR1;31.01.2025;1,50;Z1\n"
    for text, kind in ((applied, "PaymentApplied"), (invoices, "Invoice")):
        one = inspect_one(text)
        assert (one.file.kinds, "kind" in asked(one)) == ((kind,), False)


def test_no_constant_is_asked_for_a_key():
    one = inspect_one(
        "Rechnungsnr.;Ausgleichsbetrag;Ausgleichsdatum;Zahlung\nR1;1,50;31.01.2025;Z1\nR1;2,50;31.01.2025;Z2\n"
    )
    assert one.file.kinds == ("PaymentApplied",)
    by_id = {question.id: question for question in one.file.ask}
    column = by_id["key:PaymentApplied.paymentErpKey"]
    assert column.question == "Which column holds “Payment key” (paymentErpKey), which every payment applied needs?"
    # No amounts, no dates, and no text of one’s own.
    assert ([choice.value for choice in column.choices], column.is_free) == (["Rechnungsnr.", "Zahlung"], False)
    answers = {column.id: "Zahlung"}
    again = inspect_one(
        "Rechnungsnr.;Ausgleichsbetrag;Ausgleichsdatum;Zahlung\nR1;1,50;31.01.2025;Z1\nR1;2,50;31.01.2025;Z2\n",
        answers=answers,
    )
    (rule,) = again.file.proposal["records"]
    assert rule["fields"]["paymentErpKey"] == "Zahlung"
    assert not [id for id in asked(again) if id.startswith("constant:") and "rpKey" in id]


def test_a_payment_and_an_invoice_are_the_key_of_what_is_applied():
    rows = "Z1;R1;1,50;31.01.2025\nZ1;R2;2,50;31.01.2025\nZ2;R2;3,50;31.01.2025\n"
    one = inspect_one("Zahlungsnr.;Rechnungsnr.;Ausgleichsbetrag;Ausgleichsdatum\n" + rows)
    assert asked(one)["key:PaymentApplied"] == "Zahlungsnr. + Rechnungsnr."
    (rule,) = one.file.proposal["records"]
    assert rule["fields"]["erpKey"] == {"join": ["Zahlungsnr.", "Rechnungsnr."], "with": "|"}
    # No column numbers the entries of a payment: they are counted, and no one number is asked for all.
    assert (rule["lineOf"], rule["fields"]["entryNumber"]) == (["Zahlungsnr."], {"join": ["#n"]})
    assert "constant:PaymentApplied.entryNumber" not in asked(one)


@pytest.mark.parametrize(
    ("words", "kinds", "meant"),
    [
        (("SI", "SC", "SA"), "Invoice,Payment", ("AR Invoice", "AR Credit Memo", "AR Payment")),
        (("Rechnung", "Zahlung"), "Invoice,Payment", ("AR Invoice", "AR Payment")),
        (("Bill", "Vendor Credit"), "Invoice", ("AP Invoice", "AP Credit Memo")),
        (("facture", "avoir"), "Invoice", ("AR Invoice", "AR Credit Memo")),
    ],
)
def test_the_words_of_a_type_column_split_a_file(words, kinds, meant):
    rows = "".join(f"{word},N{place},2025-01-{place + 13},C1,{place + 1}.50\n" for place, word in enumerate(words))
    one = inspect_one("Type,Number,Date,Customer ID,Amount\n" + rows)
    assert ",".join(one.file.kinds) == kinds
    assert asked(one)["values:Type"] == dict(zip(words, meant, strict=True))


def test_a_person_says_what_a_file_holds_that_nobody_knows():
    text = "Foo;Bar;When\nx;1;31.01.2025\ny;2;28.02.2025\n"
    answers = {
        "kind": "Company",
        "column:Foo": "erpKey",
        "column:Bar": "companyName",
        "column:When": "",
        "constant:companyType": "Vendor",
    }
    one = inspect_one(text, answers=answers)
    profile = complete(one.proposal, {})
    (rule,) = profile.records
    assert (rule.kind, rule.fields["erpKey"].column, rule.fields["companyType"].constant) == (
        "Company",
        "Foo",
        "Vendor",
    )


INVOICES = "Invoice No,Customer ID,Vendor ID,Invoice Date,Total Amount,Currency\n"


def test_a_key_that_is_empty_in_some_lines_is_asked():
    one = inspect_one(INVOICES + "A1,C1,,2025-01-31,5.50,EUR\n,C1,,2025-01-31,6.50,EUR\n")
    assert asked(one)["key:Invoice"] is None
    assert shown(one, "key:Invoice") == "Invoice No, 1 of 2 empty"


def test_a_number_that_repeats_with_another_partner_is_half_a_key():
    rows = "77,V1,2025-01-31,5.50,EUR\n77,V2,2025-01-30,6.50,EUR\n"
    one = inspect_one("Bill No,Vendor ID,Bill Date,Total Amount,Currency\n" + rows, books=books())
    assert asked(one)["key:Invoice"] == "Bill No + Vendor ID"
    assert shown(one, "key:Invoice") == "Bill No repeats (line 2: 77)."
    profile = complete(one.proposal, {})
    assert profile.records[0].fields["erpKey"].join == ("Bill No", "Vendor ID")
    assert profile.records[0].fields["invoiceTypeCode"].constant == "AP Invoice"


def test_of_two_columns_that_are_called_a_key_one_is_chosen():
    rows = "9001,INV-1,C1,2025-01-31,2025-02-15,5.50,EUR\n9002,INV-2,C1,2025-01-31,2025-02-15,6.50,EUR\n"
    one = inspect_one(
        "Invoice ID,Invoice No,Customer ID,Invoice Date,Due Date,Total Amount,Currency\n" + rows, books=books()
    )
    assert asked(one)["key:Invoice"] == "Invoice ID"
    chosen = complete(one.proposal, {"key:Invoice": "Invoice No"}).records[0].fields
    assert (chosen["erpKey"].column, chosen["referenceCode"].column) == ("Invoice No", "Invoice ID")


def test_negative_amounts_without_a_type_are_asked():
    rows = "A1,C1,2025-01-31,5.50,EUR\nA2,C1,2025-01-31,-6.50,EUR\n"
    one = inspect_one("Invoice No,Customer ID,Invoice Date,Total Amount,Currency\n" + rows, books=books())
    assert asked(one)["sign"] == "credit"
    assert shown(one, "sign") == "1 of 2 are negative."
    invoice, credit = complete(one.proposal, {}).records
    assert (invoice.when.sign, credit.when.sign) == ("plus", "minus")
    assert credit.fields["invoiceTypeCode"].constant == "AR Credit Memo"
    assert credit.fields["totalAmount"].negate
    assert len(complete(one.proposal, {"sign": "keep"}).records) == 1


def test_a_payment_without_a_key_offers_columns_that_never_repeat():
    rows = "31.01.2025,Alpha,a,10.00,EUR\n28.02.2025,Beta,b,20.00,EUR\n"
    one = inspect_one("Date,Customer,Details,Amount,Currency\n" + rows, "receipts.csv")
    assert asked(one)["key:Payment"] is None
    question = next(question for question in one.file.ask if question.id == "key:Payment")
    assert [choice.value for choice in question.choices][-1].endswith("+ #line")


def test_a_balance_that_is_no_part_of_the_payment_is_left_out():
    rows = "P1,2025-01-31,C1,10.00,500.00,EUR\nP2,2025-02-28,C1,20.00,700.00,EUR\n"
    one = inspect_one("Payment No,Date,Customer ID,Amount,Balance,Currency\n" + rows)
    assert "“Balance” is no part of the payments’ amounts: it is not loaded." in one.file.told


def test_a_second_column_of_a_field_is_left_out_unless_a_person_says_otherwise():
    rows = "C1,Acme,Customer,a@b.example,c@d.example,Leeds\n"
    one = inspect_one("Customer ID,Customer Name,Contact Type,Email,Email Address,City\n" + rows, books=books())
    (second,) = [id for id in asked(one) if id.startswith("column:Email")]
    assert asked(one)[second] == ""
    assert shown(one, second).endswith("already fills emailAddress.")


def test_amounts_are_decided_by_their_sums():
    head = "Rechnungsnr;Kundennr;Rechnungsdatum;Netto;MwSt-Betrag;Brutto;Währung\n"
    rows = "".join(f"A{n};C1;31.01.2025;{n}.000;{n * 190};{n}.{n * 190};EUR\n" for n in (1, 2, 3))
    one = inspect_one(head + rows, books=books())
    assert not [id for id in asked(one) if id.startswith("numbers:")]
    assert one.proposal.draft.styles.numbers[3].style == ","
    assert one.proposal.draft.styles.numbers[3].reason == (
        "“Netto” + “MwSt-Betrag” = “Brutto” in 3 of 3 lines only with a decimal comma."
    )
    # Where the sum fits in both readings, it decides nothing.
    both = "".join(f"A{n};C1;31.01.2025;{n}.000;0.000;{n}.000;EUR\n".replace("0.000", "5.000") for n in (1, 2, 3))
    assert asked(inspect_one(head + both, books=books()))["numbers:Netto"] is None


def test_an_open_column_follows_a_proven_one():
    rows = "A1;C1;31.01.2025;03.02.2025;1.000;12,50\n"
    one = inspect_one("Rechnungsnr;Kundennr;Rechnungsdatum;Fälligkeit;Netto;Brutto\n" + rows, books=books())
    assert asked(one)["numbers:Netto"] == ","
    assert shown(one, "numbers:Netto") == "“Brutto” has a decimal comma."
    dates = inspect_one("Invoice No,Customer ID,Invoice Date,Due Date,Total Amount\nA1,C1,31/01/2025,03/02/2025,5.50\n")
    assert asked(dates)["dates:Due Date"] == "DD/MM/YYYY"
    assert shown(dates, "dates:Due Date") == "“Invoice Date” is written DD/MM/YYYY."


def test_a_due_date_decides_what_is_likely():
    rows = "A1,C1,02/03/2025,01/04/2025,5.50\n"
    one = inspect_one("Invoice No,Customer ID,Invoice Date,Due Date,Total Amount\n" + rows)
    assert asked(one)["dates:Invoice Date"] == "DD/MM/YYYY"
    assert shown(one, "dates:Invoice Date") == "Only as DD/MM/YYYY no “Due Date” is before its “Invoice Date”."


@pytest.mark.parametrize(
    ("header", "suggested"),
    [
        ("Rechnungsnr;Kundennr;Rechnungsdatum;Betrag;Währung", ","),
        ("Invoice No;Customer ID;Invoice Date;Total Amount;Currency", "."),
        ("N° facture;Code client;Date de facture;Montant TTC;Devise", ","),
    ],
)
def test_whole_amounts_leave_the_decimal_mark_to_be_confirmed(header, suggested):
    one = inspect_one(f"{header}\nA1;C1;2025-01-31;500;EUR\nA2;C1;2025-02-28;20;EUR\n", books=books())
    assert asked(one)["numbers"] == suggested
    other = {",": ".", ".": ","}[suggested]
    assert complete(one.proposal, {}).styles.decimal == suggested
    assert complete(one.proposal, {"numbers": other}).styles.decimal == other
