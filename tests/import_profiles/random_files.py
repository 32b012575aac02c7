"""Invoices written at random, as some program might write them, and the profile that says how."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import xlsxwriter

from syncs.import_profiles.cell_values import FIRST_OF_1904, FIRST_OF_EXCEL
from syncs.import_profiles.month_names import MONTHS
from syncs.import_profiles.profile import DATE_PATTERNS, ENCODINGS
from tests.import_profiles.documents import document

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
WORDS = (("ja", "nein"), ("Oui", "Non"), ("1", "0"), ("TRUE", "FALSE"), ("x", ""))
NOTES = ("Müller", "a;b, c|d", 'sagt "nein"', "0012", "1.234", "zwei\nZeilen", "31.12.2024", "élève")
GROUPS = {".": (",", " ", "'", "\u00a0"), ",": (".", " ", "'", "\u202f")}
MINUS = ("-{}", "-{}", "−{}", "–{}", "{}-", "({})")
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


class Written:
    """A file, how it is written, and the records that it holds: their values by kind and key."""

    def __init__(self, draw):
        self.draw = draw
        self.is_sheet, self.is_grouped = draw.random() < 0.25, draw.random() < 0.3
        self.encoding, self.delimiter = draw.choice(ENCODINGS), draw.choice((",", ";", "\t", "|"))
        self.titles = draw.choice((0, 0, 1, 3))
        self.names = {field: self._writable(names) for field, names in NAMES.items()}
        self.is_by_name = draw.random() < 0.3
        self.decimal = draw.choice((".", ","))
        self.groups = [mark for mark in GROUPS[self.decimal] if draw.random() < 0.5 and self.can_write(mark)]
        self.dates = draw.choice(DATE_PATTERNS)
        self.century = draw.choice((1970, 1930, 20, 1900) if "excel" not in self.dates else (1970, 1930, 20))
        # In a group, an empty cell says nothing.
        self.words = draw.choice(WORDS[:-1] if self.is_grouped else WORDS)
        self.empty = draw.choice(("", "", "n/a", "-"))
        self.has_currency = not self.is_grouped and draw.random() < 0.3
        self.whole_mark = draw.choice(("", f"{self.decimal}-", f"{self.decimal}--"))
        self.constants = {}
        self.lines = []
        self.records = {"Invoice": {}}
        self._make_records()
        self.fields = draw.sample(list(self.names), len(self.names))
        self.total = self._total()
        self.rows = [[self._cell(field, line) for field in self.fields] for line in self.lines]

    def can_write(self, text):
        return self.is_sheet or text.encode(self.encoding, "ignore").decode(self.encoding) == text

    def _writable(self, texts):
        return self.draw.choice([text for text in texts if self.can_write(text)])

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
            "termsCode": self._writable(NOTES),
            "currencyCode": draw.choice(list(SIGNS)),
        }
        values |= {field: self._day() for field in DATES} | {field: self._amount() for field in AMOUNTS}
        return values | {field: None for field in MAY_LACK if draw.random() < 0.15}

    def _day(self):
        first = date(self.century * 100 if self.century < 100 else self.century, 1, 1)
        return first + timedelta(days=self.draw.randrange(70, 36_500))

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

    def _total(self):
        """A line of totals, in some files."""
        word_in = next((field for field in ("customerErpKey", "termsCode") if field in self.names), "")
        if not word_in or self.is_grouped or self.draw.random() < 0.6:
            return None
        sums = {field: sum((line[field] or Decimal() for line in self.lines), Decimal()) for field in AMOUNTS}
        return {word_in: "Summe", **{field: self._number(value, "") for field, value in sums.items()}}

    # How it is written.

    def _cell(self, field, line):
        value, draw = line[field], self.draw
        if value is None:
            return self.empty if field in MAY_LACK else ""
        native = self.is_sheet and draw.random() < 0.5
        if field in AMOUNTS:
            return float(value) if native else self._number(value, line["currencyCode"] if self.has_currency else "")
        if field in DATES:
            return value if native else self._date(value)
        if field == "isVoided":
            word = self.words[0 if value else 1]
            return value if native else draw.choice((word, word.upper(), word.lower()))
        if field == "invoiceTypeCode":
            return next(word for word, meaning in TYPES.items() if meaning == value)
        if field == "customerErpKey" and self.is_by_name:
            return draw.choice((COMPANIES[value], COMPANIES[value].upper()))
        return value

    def _number(self, value, currency):
        draw = self.draw
        whole, _, fraction = f"{abs(value):f}".partition(".")
        text = whole
        if self.groups and len(whole) > 3 and draw.random() < 0.7:
            text = grouped(whole, draw.choice(self.groups), draw.choice((3, 3, 2)))
        if fraction:
            text = f"{'' if text == '0' and draw.random() < 0.2 else text}{self.decimal}{fraction}"
        sign = self._writable(MINUS) if value < 0 else draw.choice(("{}", "{}", "+{}"))
        if not fraction and self.whole_mark and sign != "{}-" and draw.random() < 0.5:
            text += self.whole_mark
        text = sign.format(text)
        if currency and draw.random() < 0.7:
            named = self._writable((currency, SIGNS[currency]))
            text = draw.choice((f"{named} {text}", f"{text} {named}", f"{named}{text}"))
        return text

    def _date(self, day):
        draw, pattern = self.draw, self.dates
        if pattern.startswith("excel"):
            return str((day - (FIRST_OF_1904 if pattern == "excel1904" else FIRST_OF_EXCEL)).days)
        named = draw.choice([name for name, month in MONTHS.items() if month == day.month and len(name) >= 3])
        is_short = pattern not in ("YYYYMMDD", "DDMMYYYY") and draw.random() < 0.3
        text = pattern.replace("YYYY", f"{day:%Y}").replace("YY", f"{day:%y}")
        if pattern == "YYYY-MM-DD":
            text = text.replace("-", draw.choice("-/."))
        text = text.replace("DD", str(day.day) if is_short else f"{day:%d}")
        text = text.replace("MMM", named.capitalize()) if "MMM" in pattern else text.replace("MM", f"{day:%m}")
        return text + draw.choice(("", "", "", " 10:05", " 23:59:59"))

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
        read = {"sheet": "Liste"} if self.is_sheet else {"encoding": self.encoding, "delimiter": self.delimiter}
        if self.total:
            read["skip"] = [{"totals": self.names[next(iter(self.total))]}]
        true, false = self.words
        styles = {"decimal": self.decimal, "thousands": self.groups, "dates": self.dates, "century": self.century}
        amount = {"currencyInCell": self.has_currency, "wholeMark": [self.whole_mark] if self.whole_mark else []}
        return document(
            [self.names[field] for field in self.fields],
            read=read | {"header": self.titles + 1},
            styles=styles | {"true": [true], "false": [false]},
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
        if self.total:
            rows.append([self.total.get(field, "") for field in self.fields])
        if self.is_sheet:
            return workbook(rows)
        text = io.StringIO()
        ending = self.draw.choice(("\n", "\r\n"))
        csv.writer(text, delimiter=delimiter or self.delimiter, lineterminator=ending).writerows(rows)
        return text.getvalue().encode(encoding or self.encoding)

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


def grouped(digits, mark, size):
    """The digits in threes, or as in India in twos before the last three."""
    groups, digits = [digits[-3:]], digits[:-3]
    while digits:
        groups.insert(0, digits[-size:])
        digits = digits[:-size]
    return mark.join(groups)


def shown(value):
    """A value as the tests show those of records."""
    if isinstance(value, Decimal):
        return f"{value.normalize() + 0:f}"
    return value if value is None or isinstance(value, bool) else str(value)
