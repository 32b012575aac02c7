"""The SELECTs that people write, one for each kind of record."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from syncs.connectors.protocol import ConnectorError

# Kinds whose records are not told apart by an ERP key.
WITHOUT_KEY = {
    "BaseCurrency", "FinancialYearSetting", "InvoiceWorkflowStatus", "FinancialAccountBalanceHistory", "CustomField",
}  # fmt: skip
KEY = "erpKey"
# What `:since` is where everything is to be read.
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)

# Texts, quoted names, comments and casts, in which `:since` is no parameter.
_TOKEN = re.compile(r"""'[^']*' | "[^"]*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | :: | (?P<since>:since\b)""", re.S | re.X)


@dataclass(frozen=True, slots=True)
class Select:
    """The SELECT of one kind; it stands in another one, so nothing but a SELECT can be run."""

    kind: str
    text: str

    @property
    def title(self) -> str:
        """What problems of its rows name as their file."""
        return f"SELECT for {self.kind}"

    @property
    def is_delta(self) -> bool:
        """Whether it can be narrowed to what has changed."""
        return len(self._parts) > 1

    @property
    def has_keys(self) -> bool:
        """Whether a list of its keys says which records are gone."""
        return self.kind not in WITHOUT_KEY

    @property
    def _parts(self) -> list[str]:
        """The text between the places of `:since`."""
        cuts = [match.span() for match in _TOKEN.finditer(self.text) if match["since"]]
        starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(self.text)]
        return [self.text[start:end] for start, end in zip(starts, ends, strict=True)]

    def as_format(self) -> str:
        """The text for drivers that take `%(since)s`; positions after it stay the same when that becomes `$1`."""
        return "%(since)s    ".join(part.replace("%", "%%") for part in self._parts)

    def as_text(self) -> str:
        """The text as SQLAlchemy's `text` takes it: no other colon begins a parameter."""
        return ":since".join(re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", part) for part in self._parts)

    def place(self, position: int) -> str:
        """Where a character stands, by its position from 0, as people count: “line 2, column 8”."""
        before = self.text[:position]
        return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"


def select_of(kind: str, text: str) -> Select:
    """The SELECT of a kind, without the semicolon that people end it with; raises ConnectorError."""
    text = text.replace("\r\n", "\n").rstrip().rstrip(";").rstrip()
    first = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.S).split(None, 1)
    if not first or first[0].upper().lstrip("(") not in ("SELECT", "WITH", "VALUES", "TABLE"):
        raise ConnectorError(
            f"The SELECT for {kind} begins with “{first[0][:40] if first else ''}”. Write one SELECT; nothing else is "
            "run.",
            code="bad_setting",
        )
    return Select(kind, text)


def wall_clock(moment: datetime, zone: tzinfo) -> datetime:
    """A moment as clocks of the zone show it, for comparison with stamps that have no zone.

    If these are set back within the hour that follows, stamps after it may be smaller, so an hour is taken off.
    """
    shown = moment.astimezone(zone).replace(tzinfo=None)
    later = (moment + timedelta(hours=1)).astimezone(zone).replace(tzinfo=None)
    return shown - timedelta(hours=1) if later < shown + timedelta(hours=1) else shown
