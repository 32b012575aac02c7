"""How some program might write values and files, at random."""

from datetime import date, timedelta

from syncs.import_profiles.cell_values import FIRST_OF_1904, FIRST_OF_EXCEL
from syncs.import_profiles.month_names import MONTHS
from syncs.import_profiles.profile import DATE_PATTERNS, ENCODINGS

WORDS = (("ja", "nein"), ("Oui", "Non"), ("1", "0"), ("TRUE", "FALSE"))
# Where a mark means yes, an empty cell means no.
MARK = ("x", "")
GROUPS = {".": (",", " ", "'", "\u00a0"), ",": (".", " ", "'", "\u202f")}
MINUS = ("-{}", "-{}", "−{}", "–{}", "{}-", "({})")
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


class RandomStyle:
    """One way to write numbers, dates, true and false, in an encoding and with a delimiter."""

    def __init__(self, draw, *, encodings=ENCODINGS, has_every_letter=False, marks_false=False):
        """`has_every_letter` is for a file without an encoding; with `marks_false`, no empty cell means false."""
        self.draw, self.has_every_letter = draw, has_every_letter
        self.encoding, self.delimiter = draw.choice(encodings), draw.choice((",", ";", "\t", "|"))
        self.decimal = draw.choice((".", ","))
        self.groups = [mark for mark in GROUPS[self.decimal] if draw.random() < 0.5 and self.can_write(mark)]
        self.dates = draw.choice(DATE_PATTERNS)
        self.century = draw.choice((1970, 1930, 20, 1900) if "excel" not in self.dates else (1970, 1930, 20))
        self.words = draw.choice(WORDS if marks_false else (*WORDS, MARK))
        whole_mark = draw.choice(("", f"{self.decimal}-", f"{self.decimal}--"))
        self.whole_marks = [whole_mark] if whole_mark else []

    def document(self):
        """The `styles` of a profile's document."""
        true, false = self.words
        styles = {"decimal": self.decimal, "thousands": self.groups, "dates": self.dates, "century": self.century}
        return styles | {"true": [true], "false": [false]}

    def can_write(self, text):
        return self.has_every_letter or text.encode(self.encoding, "ignore").decode(self.encoding) == text

    def writable(self, texts):
        """One of the texts that the encoding has letters for."""
        return self.draw.choice([text for text in texts if self.can_write(text)])

    def day(self):
        """A day within the hundred years that two digits may mean."""
        first = date(self.century * 100 if self.century < 100 else self.century, 1, 1)
        return first + timedelta(days=self.draw.randrange(70, 36_500))

    def number(self, value, currency=""):
        draw = self.draw
        whole, _, fraction = f"{abs(value):f}".partition(".")
        text = whole
        if self.groups and len(whole) > 3 and draw.random() < 0.7:
            text = grouped(whole, draw.choice(self.groups), draw.choice((3, 3, 2)))
        if fraction:
            text = f"{'' if text == '0' and draw.random() < 0.2 else text}{self.decimal}{fraction}"
        sign = self.writable(MINUS) if value < 0 else draw.choice(("{}", "{}", "+{}"))
        if not fraction and self.whole_marks and sign != "{}-" and draw.random() < 0.5:
            text += self.whole_marks[0]
        text = sign.format(text)
        if currency and draw.random() < 0.7:
            named = self.writable((currency, SIGNS[currency]))
            text = draw.choice((f"{named} {text}", f"{text} {named}", f"{named}{text}"))
        return text

    def date(self, day, times=("", "", "", " 10:05", " 23:59:59")):
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
        return text + draw.choice(times)

    def flag(self, value):
        word = self.words[0 if value else 1]
        return self.draw.choice((word, word.upper(), word.lower()))


def grouped(digits, mark, size):
    """The digits in threes, or as in India in twos before the last three."""
    groups, digits = [digits[-3:]], digits[:-3]
    while digits:
        groups.insert(0, digits[-size:])
        digits = digits[:-size]
    return mark.join(groups)
