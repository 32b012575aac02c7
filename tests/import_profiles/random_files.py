"""Invoices written at random, as some program might write them, and the profile that says how."""

import csv
import io
from datetime import date
from decimal import Decimal
from itertools import compress

import xlsxwriter

from tests.import_profiles.documents import document
from tests.import_profiles.random_styles import SIGNS, RandomStyle

COMPANIES = {"K1": "Holz & Söhne AG", "K2": "Stein; GmbH"}
NAMES = {
    "erpKey": ("Nr.", "Rechnung", "Invoice No", "N° facture"),
    "customerErpKey": ("Kunde", "Customer ID", "Débiteur"),
    "invoiceDate": ("Datum", "Date", "Fecha"),
    "paymentDueDate": ("Fällig", "Due", "Échéance"),
    "totalAmount": ("Brutto", "Total", "Montant TTC"),
    "netAmount": ("Netto", "Net", "Montant HT"),
    "isVoided": ("Storniert", "Voided", "Annulée"),
    "invoiceTypeCode": ("Art", "Type", "Genre"),
    "termsCode": ("Notiz", "Memo", "Note"),
    "currencyCode": ("WKZ", "Currency", "Devise"),
}
INVOICE = [name for name in NAMES if name != "erpKey"]
AMOUNTS, DATES = ("totalAmount", "netAmount"), ("invoiceDate", "paymentDueDate")
MAY_LACK = (*AMOUNTS, *DATES, "termsCode")
MAY_BE_CONSTANT = ("customerErpKey", "invoiceTypeCode", "currencyCode", "termsCode")
TYPES = {"RE": "AR Invoice", "GS": "AR Credit Memo"}
NOTES = ("Müller", "a;b, c|d", 'sagt "nein"', "0012", "1.234", "zwei\nZeilen", "31.12.2024", "élève")


class Written:
    """A file, how it is written, and the records that it holds: their values by kind and key."""

    def __init__(self, draw):
        self.draw = draw
        self.is_sheet, self.is_grouped = draw.random() < 0.25, draw.random() < 0.3
        # In a group, an empty cell says nothing.
        self.style = RandomStyle(draw, has_every_letter=self.is_sheet, marks_false=self.is_grouped)
        self.titles = draw.choice((0, 0, 1, 3))
        self.names = {field: self.style.writable(names) for field, names in NAMES.items()}
        self.is_by_name = draw.random() < 0.3
        self.empty = draw.choice(("", "", "n/a", "-"))
        self.has_currency = not self.is_grouped and draw.random() < 0.3
        self.constants = {}
        self.lines = []
        self.records = {"Invoice": {}}
        self._make_records()
        self.fields = draw.sample(list(self.names), len(self.names))
        self.word_of_total = self._word_of_total()
        self.rows = [[self._cell(field, line) for field in self.fields] for line in self.lines]

    # What is in it.

    def _make_records(self):
        values = [
            self._invoice(f"{self.draw.choice(('R', '00', 'A-'))}{at}") for at in range(self.draw.randrange(1, 6))
        ]
        for field in MAY_BE_CONSTANT:
            if self.draw.random() < 0.25 and (constant := values[0][field]) is not None:
                self.constants[field] = constant
                del self.names[field]
                for invoice in values:
                    invoice[field] = constant
        for invoice in values:
            self.lines += self._lines_of(invoice) if self.is_grouped else [invoice]
            self.records["Invoice"][invoice["erpKey"]] = [shown(invoice[field]) for field in INVOICE]

    def _invoice(self, key):
        draw = self.draw
        values = {
            "erpKey": key,
            "customerErpKey": draw.choice(list(COMPANIES)),
            "isVoided": draw.random() < 0.5,
            "invoiceTypeCode": draw.choice(list(TYPES.values())),
            "termsCode": self.style.writable(NOTES),
            "currencyCode": draw.choice(list(SIGNS)),
        }
        values |= {field: self.style.day() for field in DATES} | {field: self._amount() for field in AMOUNTS}
        return values | {field: None for field in MAY_LACK if draw.random() < 0.15}

    def _amount(self):
        digits = self.draw.randrange(10 ** self.draw.randrange(1, 12))
        return Decimal(digits * self.draw.choice((1, 1, -1))).scaleb(-self.draw.randrange(5))

    def _lines_of(self, invoice):
        """The lines of an invoice, whose amounts are their sums; what else it has may be in its first line only."""
        lines = []
        for position in range(1, self.draw.randrange(2, 5)):
            line = {**invoice, **{field: self._amount() for field in AMOUNTS}}
            if position > 1 and self.draw.random() < 0.5:
                line |= {field: None for field in self.names if field not in (*AMOUNTS, "erpKey")}
            lines.append(line)
            key = f"{invoice['erpKey']}/{position}"
            self.records.setdefault("InvoiceLine", {})[key] = [str(position), shown(line["netAmount"])]
        invoice |= {field: sum((line[field] for line in lines), Decimal()) for field in AMOUNTS}
        return lines

    def _word_of_total(self):
        """The column in which a line of totals has its word; empty in a file without such a line."""
        field = next((field for field in ("customerErpKey", "termsCode") if field in self.names), "")
        return "" if self.is_grouped or self.draw.random() < 0.6 else field

    def keep(self, keys):
        """Leave only the invoices of these keys in the file."""
        kept = [line["erpKey"] in keys for line in self.lines]
        self.lines, self.rows = list(compress(self.lines, kept)), list(compress(self.rows, kept))

    # How it is written.

    def _cell(self, field, line):
        value, draw = line[field], self.draw
        if value is None:
            return self.empty if field in MAY_LACK else ""
        native = self.is_sheet and draw.random() < 0.5
        if field in AMOUNTS:
            currency = line["currencyCode"] if self.has_currency else ""
            return float(value) if native else self.style.number(value, currency)
        if field in DATES:
            return value if native else self.style.date(value)
        if field == "isVoided":
            return value if native else self.style.flag(value)
        if field == "invoiceTypeCode":
            return next(word for word, meaning in TYPES.items() if meaning == value)
        if field == "customerErpKey" and self.is_by_name:
            return draw.choice((COMPANIES[value], COMPANIES[value].upper()))
        return value

    def profile(self):
        """The document of the profile."""
        fields = {"companyErpKey": {"constant": "OWN"}, **self.names}
        if "customerErpKey" in self.names and self.is_by_name:
            fields["customerErpKey"] = {"column": self.names["customerErpKey"], "by": "companyName"}
        if "invoiceTypeCode" in self.names:
            fields["invoiceTypeCode"] = {"column": self.names["invoiceTypeCode"], "values": TYPES}
        fields |= {field: {"constant": constant} for field, constant in self.constants.items()}
        rules = [{"kind": "Invoice", "fields": fields}]
        if self.is_grouped:
            number = self.names["erpKey"]
            of_line = {
                "erpKey": {"join": [number, "#n"], "with": "/"},
                "invoiceErpKey": number,
                "lineNumber": {"join": ["#n"]},
                "netAmount": self.names["netAmount"],
            }
            fields |= {field: {"sum": [self.names[field]]} for field in AMOUNTS}
            rules = [rules[0] | {"group": [number]}, {"kind": "InvoiceLine", "lineOf": [number], "fields": of_line}]
        style = self.style
        read = {"sheet": "Liste"} if self.is_sheet else {"encoding": style.encoding, "delimiter": style.delimiter}
        if self.word_of_total:
            read["skip"] = [{"totals": self.names[self.word_of_total]}]
        amount = {"currencyInCell": self.has_currency, "wholeMark": style.whole_marks}
        return document(
            [self.names[field] for field in self.fields],
            read=read | {"header": self.titles + 1},
            styles=style.document(),
            columns={
                name: {"empty": [self.empty], **(amount if field in AMOUNTS else {})}
                for field, name in self.names.items()
                if field in MAY_LACK
            },
            records=rules,
        )

    def content(self, *, titles=None, delimiter="", encoding="", header=None):
        """The bytes of the file."""
        rows = [["Export"], *([[]] * 9)][: self.titles if titles is None else titles]
        rows += [header or [self.names[field] for field in self.fields], *self.rows]
        if self.word_of_total:
            sums = {field: sum((line[field] or Decimal() for line in self.lines), Decimal()) for field in AMOUNTS}
            total = {self.word_of_total: "Summe", **{field: self.style.number(value) for field, value in sums.items()}}
            rows.append([total.get(field, "") for field in self.fields])
        if self.is_sheet:
            return workbook(rows)
        text = io.StringIO()
        ending = self.draw.choice(("\n", "\r\n"))
        csv.writer(text, delimiter=delimiter or self.style.delimiter, lineterminator=ending).writerows(rows)
        return text.getvalue().encode(encoding or self.style.encoding)

    @property
    def file_name(self):
        return f"liste.{'xlsx' if self.is_sheet else 'csv'}"


def workbook(rows):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet, dated = book.add_worksheet("Liste"), book.add_format({"num_format": "dd.mm.yyyy"})
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, dated)
                else:
                    sheet.write(number, place, cell)
    return content.getvalue()


def shown(value):
    """A value as the tests show those of records."""
    if isinstance(value, Decimal):
        return f"{value.normalize() + 0:f}"
    return value if value is None or isinstance(value, bool) else str(value)
