"""Words that exports write in cells: for sorts of documents, states, kinds of company and ways to pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from syncs.import_profiles.header_names import key_of

INVOICE, CREDIT_MEMO, PAYMENT, JOURNAL = "Invoice", "Credit Memo", "Payment", "JournalEntry"
AR, AP = "AR", "AP"

_DOCUMENTS = {
    (INVOICE, ""): "invoice, rechnung, facture, factura, factuur, faktura, tax invoice, inv, re, rg",
    (INVOICE, AR): (
        "sales invoice, ar invoice, customer invoice, ausgangsrechnung, kundenrechnung, facture client, facture de "
        "vente, factura de venta, verkoopfactuur, kundfaktura, si, accrec, out invoice"
    ),
    (INVOICE, AP): (
        "bill, purchase invoice, ap invoice, vendor invoice, supplier invoice, vendor bill, eingangsrechnung, "
        "lieferantenrechnung, facture fournisseur, facture d'achat, factura de compra, inkoopfactuur, "
        "leverantorsfaktura, pi, accpay, in invoice"
    ),
    (CREDIT_MEMO, ""): (
        "credit memo, credit note, credit, gutschrift, stornorechnung, storno, rechnungskorrektur, avoir, note de "
        "credit, abono, nota de credito, factura rectificativa, creditnota, creditfactuur, kreditfaktura, "
        "kreditnota, cm, cn, gs"
    ),
    (CREDIT_MEMO, AR): "sales credit, sales credit note, ar credit memo, customer credit, sc, accreccredit, out refund",
    (CREDIT_MEMO, AP): (
        "vendor credit, supplier credit, purchase credit note, ap credit memo, bill credit, pc, accpaycredit, in refund"
    ),
    (PAYMENT, ""): "payment, zahlung, paiement, reglement, pago, betaling, betalning, pmt",
    (PAYMENT, AR): (
        "receipt, customer payment, sales receipt, ar payment, zahlungseingang, encaissement, cobro, inbetalning, "
        "ontvangst, sr, sa, customer receipt, receive payment"
    ),
    (PAYMENT, AP): (
        "bill payment, vendor payment, supplier payment, ap payment, zahlungsausgang, decaissement, utbetalning, "
        "uitgaande betaling, pp, pa, bill payment check, bill pmt check"
    ),
    (JOURNAL, ""): (
        "journal, journal entry, general journal, buchung, ecriture, asiento, journaalpost, verifikation, jc, jd, je"
    ),
}

_STATES = {
    "Open": (
        "open, offen, unpaid, unbezahlt, sent, due, overdue, teilbezahlt, partially paid, partial, uberfallig, "
        "outstanding, awaiting payment, authorised, approved, impayee, impaye, non payee, ouvert, ouverte, en "
        "attente, pendiente, abierta, abierto, impagada, openstaand, onbetaald, oppen, obetald, gesendet, "
        "versendet, verzonden, delayed, posted"
    ),
    "Closed": (
        "closed, paid, bezahlt, beglichen, ausgeglichen, geschlossen, erledigt, paye, payee, regle, reglee, solde, "
        "soldee, cloture, pagada, pagado, cobrada, cerrada, betaald, gesloten, voldaan, betald, stangd, settled, "
        "completed, fully paid"
    ),
}
_COMPANY_TYPES = {
    "Customer": (
        "customer, customers, client, kunde, kunden, debitor, debtor, cliente, klant, kund, debiteur, c, afnemer"
    ),
    "Vendor": (
        "vendor, vendors, supplier, suppliers, lieferant, lieferanten, kreditor, creditor, fournisseur, proveedor, "
        "leverancier, leverantor, crediteur, s, v"
    ),
    "CustomerVendor": "both, customer and vendor, customer and supplier, kunde und lieferant, client et fournisseur",
}
_TENDER_TYPES = {
    "Cash": "cash, bar, barzahlung, especes, efectivo, contant, kontant",
    "Check": "check, cheque, scheck, talon, cheque bancaire",
    "Credit Card": (
        "credit card, card, kreditkarte, karte, carte, carte bancaire, tarjeta, creditcard, kort, visa, "
        "mastercard, amex"
    ),
    "Wire Transfer": (
        "wire, wire transfer, bank transfer, transfer, uberweisung, bankuberweisung, virement, transferencia, "
        "overboeking, overschrijving, bankgiro, bacs, bgc, sepa, swift"
    ),
    "Direct Debit": "direct debit, lastschrift, sepa lastschrift, prelevement, domiciliacion, incasso, autogiro, dd",
    "ACH": "ach, eft",
}


@dataclass(frozen=True, slots=True)
class DocumentWord:
    """What a word says about a document: its sort, and whether it belongs to customers (AR) or vendors (AP)."""

    sort: str
    side: str = ""

    @property
    def kind(self) -> str:
        """The kind of record."""
        return INVOICE if self.sort == CREDIT_MEMO else self.sort


def _words(text: str) -> Iterable[str]:
    return (key_of(word) for word in text.split(","))


@cache
def _document_table() -> dict[str, DocumentWord]:
    return {word: DocumentWord(sort, side) for (sort, side), text in _DOCUMENTS.items() for word in _words(text)}


def document_word(cell: str) -> DocumentWord | None:
    """What a cell says about its document, if it is a known word."""
    return _document_table().get(key_of(cell))


@cache
def _value_table(field: str) -> dict[str, str]:
    tables = {
        "invoiceStatusCode": _STATES,
        "companyType": _COMPANY_TYPES,
        "tenderType": _TENDER_TYPES,
    }
    return {word: value for value, text in tables.get(field, {}).items() for word in _words(text)}


def known_value(field: str, cell: str) -> str:
    """Our text for a word in a field's column; empty if the word is not known."""
    return _value_table(field).get(key_of(cell), "")


# In the name of a file, a sheet or a column: words of the side.
_SIDE_WORDS = {
    AP: (
        "vendor supplier bill bills payable payables purchase purchases lieferant kreditor kreditoren eingangs "
        "eingangsrechnung eingangsrechnungen einkauf fournisseur achat achats proveedor compra compras leverancier "
        "inkoop crediteur leverantor leverantors ap"
    ),
    AR: (
        "customer client receivable receivables sales kunde kunden debitor debitoren ausgangs ausgangsrechnung "
        "ausgangsrechnungen verkauf vente ventes cliente venta ventas klant verkoop debiteur kund kundnamn "
        "kundenname klantnaam ar"
    ),
}

_PAYMENT_WORDS = (
    "payment payments receipt receipts zahlung zahlungen zahlungseingang zahlungseingange zahlungsausgang "
    "zahlungsausgange paiement paiements reglement reglements encaissement encaissements pago pagos cobro cobros "
    "betaling betalingen betalning betalningar inbetalningar utbetalningar"
).split()


def speaks_of_payments(words: Iterable[str]) -> bool:
    """Whether words in normal form speak of payments."""
    return not set(words).isdisjoint(_PAYMENT_WORDS)


def side_of(words: Iterable[str]) -> str:
    """The side that words in normal form speak of; empty if none, or both."""
    found = {side for side, known in _SIDE_WORDS.items() for word in words if word in known.split()}
    return found.pop() if len(found) == 1 else ""
