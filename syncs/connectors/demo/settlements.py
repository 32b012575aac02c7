"""How the demo company's invoices are settled: payments, credit memos, and their applications."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from syncs.connectors.demo.invoices import Document
from syncs.connectors.demo.values import CENT, RATES, Record, stamps, text


class Settlements:
    """Settles most of what is due up to a day, and records it on the invoices."""

    def __init__(self, random: Random, today: date, documents: list[Document]) -> None:
        self.random, self.today = random, today
        self.payments: list[Record] = []
        self.payment_applications: list[Record] = []
        self.credit_applications: list[Record] = []
        self._settle(documents)

    def _settle(self, documents: list[Document]) -> None:
        by_party: defaultdict[str, list[Document]] = defaultdict(list)
        for document in documents:
            by_party[document.party.key].append(document)
        for found in by_party.values():
            invoices = [document for document in found if not document.is_credit]
            for credit in found:
                if credit.is_credit:
                    self._apply_credit(credit, invoices)
            self._pay([invoice for invoice in invoices if invoice.outstanding])

    def _apply_credit(self, credit: Document, invoices: list[Document]) -> None:
        """Settle one of the last invoices before a credit memo with it."""
        for invoice in reversed([invoice for invoice in invoices if invoice.day <= credit.day]):
            if invoice.outstanding and self.random.random() < 0.7:
                amount, day = min(credit.outstanding, invoice.outstanding), credit.day
                credit.settle(amount, day)
                invoice.settle(amount, day)
                number = len(self.credit_applications) + 1
                self.credit_applications.append(
                    {
                        "erpKey": f"DEMO-CMA-{number:05d}",
                        "invoiceErpKey": invoice.key,
                        "creditMemoInvoiceErpKey": credit.key,
                        "entryNumber": number,
                        "applyToInvoiceDate": day.isoformat(),
                        "creditMemoAppliedAmount": text(amount),
                        **stamps(day),
                    }
                )
                return

    def _pay(self, invoices: list[Document]) -> None:
        """Pay the invoices of one party, the oldest first: one, several together, or one in two halves."""
        while invoices:
            count = self.random.choices((1, 2, 3), (70, 18, 12))[0]
            paid, invoices = invoices[:count], invoices[count:]
            day = paid[-1].day + timedelta(days=paid[-1].party.terms + self.random.randint(-8, 25))
            if day > self.today or self.random.random() < 0.12:
                continue
            if count == 1 and paid[0].outstanding > 1 and self.random.random() < 0.15:
                half = (paid[0].outstanding / 2).quantize(CENT, ROUND_HALF_UP)
                self._add_payment([(paid[0], half)], day)
                if day + timedelta(days=20) > self.today:
                    continue
                day += timedelta(days=20)
            extra = Decimal(self.random.randint(1, 200)) if self.random.random() < 0.04 else Decimal(0)
            self._add_payment([(invoice, invoice.outstanding) for invoice in paid], day, extra)

    def _add_payment(self, parts: list[tuple[Document, Decimal]], day: date, unapplied: Decimal = Decimal(0)) -> None:
        party = parts[0][0].party
        rate = RATES[party.currency]
        amount = sum(part for _, part in parts) + unapplied
        key = f"DEMO-PAY-{len(self.payments) + 1:05d}"
        self.payments.append(
            {
                "erpKey": key,
                "companyErpKey": party.key,
                "paymentType": "AP Payment" if party.is_vendor else "AR Payment",
                "tenderType": self.random.choice(("Check", "Credit Card", "Wire Transfer", "Wire Transfer")),
                "isOpen": bool(unapplied),
                "memoText": f"Payment for {parts[0][0].key}",
                "paymentDate": day.isoformat(),
                "postDate": day.isoformat(),
                "paymentAmount": text(amount),
                "unappliedAmount": text(unapplied),
                "currencyCode": party.currency,
                "referenceCode": key.removeprefix("DEMO-"),
                "isVoided": False,
                "inDispute": False,
                "currencyRate": text(rate),
                "baseCurrencyPaymentAmount": text(amount * rate),
                "baseCurrencyUnappliedAmount": text(unapplied * rate),
                "financialAccountCode": "1000",
                **stamps(day),
            }
        )
        for invoice, part in parts:
            invoice.settle(part, day)
            number = len(self.payment_applications) + 1
            self.payment_applications.append(
                {
                    "erpKey": f"DEMO-PA-{number:05d}",
                    "invoiceErpKey": invoice.key,
                    "paymentErpKey": key,
                    "entryNumber": number,
                    "applyToInvoiceDate": day.isoformat(),
                    "paymentAppliedAmount": text(part),
                    **stamps(day),
                }
            )
