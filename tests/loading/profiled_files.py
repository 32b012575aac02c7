"""Rows written as some program might write them, each block as a file with a profile that says how."""

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation

from adsplatform.records.specification import entities
from syncs.import_profiles.profile import ENCODINGS
from tests.import_profiles.documents import document
from tests.import_profiles.random_styles import RandomStyle
from tests.loading.rules import BAD

NAMES = ("Nummer {}", "Betrag {}", "Fecha {}", "Libellé {}", "{}. Spalte")
# The columns whose words may be others in a file, and these words.
WORDS = {
    "companyType": {"Customer": "Kunde", "Vendor": "Lieferant"},
    "currencyCode": {"EUR": "Euro", "USD": "Dollar"},
    "status": {"Open": "offen", "Active": "aktiv"},
}


class ProfiledFile:
    """A block of rows of one kind, which all have the same columns: its content, and the document of its profile."""

    def __init__(self, draw, number, kind, rows):
        self.draw, self.kind, self.rows = draw, kind, rows
        self.types = {column.wire: column.type for column in entities()[kind].columns.values()}
        self.style = RandomStyle(draw, encodings=self._encodings(), marks_false=True)
        if self.style.century == 1900:
            self.style.century = 1970  # the lines have days of 2024, which two digits must be able to mean
        columns = draw.sample(list(rows[0]), len(rows[0]))
        self.words = {column: self._words(column) for column in WORDS if column in columns and draw.random() < 0.5}
        self.constants = self._constants(columns)
        name = draw.choice(NAMES)
        self.names = {
            column: name.format(f"{number}{chr(97 + place)}")
            for place, column in enumerate(columns)
            if column not in self.constants
        }

    @staticmethod
    def can_have(kind, rows):
        """Whether a profile can be made for these rows: it needs a source for whatever records need."""
        return all(
            column.wire in rows[0]
            for column in entities()[kind].columns.values()
            if column.required and column.assumed is None
        )

    def unread(self):
        """The numbers of the lines that have a cell which the profile cannot read, as the plain rules count them."""
        return [
            number
            for number, row in enumerate(self.rows, 2)
            if any(self._is_unreadable(column, row[column]) for column in self.names)
        ]

    def _is_unreadable(self, column, value):
        is_text = self.types[column] == "text" and column not in self.words
        return str(value) in BAD and not is_text and self.types[column] != "integer"

    def _words(self, column):
        """The words of the file by their meanings; a value that is wrong has none."""
        values = {str(row[column] or "") for row in self.rows} - BAD - {""}
        return WORDS[column] | {value: value for value in values - WORDS[column].keys()}

    def _encodings(self):
        texts = "".join(str(value) for row in self.rows for value in row.values())
        return [one for one in ENCODINGS if texts.encode(one, "ignore").decode(one) == texts]

    def _constants(self, columns):
        """Some columns in which all rows have the same value. Enough are left that no line is empty."""
        found = {}
        for column in columns:
            values = {str(row[column] or "") for row in self.rows}
            others = [other for other in columns if other not in (column, *found)]
            is_filled = all(any(str(row[other] or "").strip() for other in others) for row in self.rows)
            if len(values) == 1 and is_filled and self.draw.random() < 0.2 and (value := values.pop()).strip():
                found[column] = value
        return found

    def document(self):
        fields = dict(self.names) | {column: {"constant": value} for column, value in self.constants.items()}
        for column, words in self.words.items():
            if column in self.names:
                meanings = {word: meaning for meaning, word in words.items()}
                fields[column] = {"column": self.names[column], "values": meanings}
        return document(
            list(self.names.values()),
            name=f"{self.kind} {next(iter(self.names.values()))}",
            read={"encoding": self.style.encoding, "delimiter": self.style.delimiter, "header": 1},
            styles=self.style.document() | {"wholeMark": self.style.whole_marks},
            records=[{"kind": self.kind, "fields": fields}],
        )

    def content(self):
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.style.delimiter)
        writer.writerow(self.names.values())
        writer.writerows([self._cell(column, row[column]) for column in self.names] for row in self.rows)
        return text.getvalue().encode(self.style.encoding)

    def _cell(self, column, value):
        """The value as the file has it; what is no value of its type is written as it is."""
        if value is None or not str(value).strip():
            return value
        if column in self.words:
            return self.words[column].get(value, value)
        if self.types[column] == "boolean" and value in ("true", "false"):
            return self.style.flag(value == "true")
        try:
            if self.types[column] in ("amount", "double"):
                return self.style.number(Decimal(value))
            if self.types[column] in ("date", "stamp"):
                return self.style.date(date.fromisoformat(value), times=("", " 00:00"))
        except (InvalidOperation, ValueError):
            pass
        return value
