"""The rules of loading (docs/loading.md) once more, in plain Python and for a few kinds of record.

Slow and simple: what `syncs.loading.merge` and its neighbours do in SQL is compared with this by `test_any_input`.
"""

import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal

from syncs.connectors.protocol import ABSENT
from tests.loading.rules_of_kinds import AMOUNTS, IN_BASE_CURRENCY, KINDS, currency_of, is_key, typed

LIMIT = Decimal(10) ** 20
BAD = {"perhaps", "twelve", "7", "EURO"}
# Of the characters that nobody sees, those that are tried.
INVISIBLE = set("\u200b\ufeff\u00ad\x07\ufe0f")


@dataclass(eq=False)
class Line:
    kind: str
    cells: dict
    number: int
    block: int
    record: "Record | None" = None
    found: dict = field(default_factory=dict)
    action: str = ""

    def has(self, column):
        return self.cells.get(column, ABSENT) is not ABSENT

    def value(self, column):
        """The cell without blanks around it, None where it is empty or absent; a key in its one form."""
        cell = self.cells.get(column, ABSENT)
        if cell is ABSENT or cell is None or not str(cell).strip():
            return None
        text = str(cell).strip()
        return unicodedata.normalize("NFC", text) if is_key(column) else text

    @property
    def match(self):
        return int(self.value("onMatchAction") or 0)

    @property
    def place(self):
        return (self.kind, self.block, self.number)


@dataclass(eq=False)
class Record:
    kind: str
    enrollment: str
    values: dict = field(default_factory=dict)
    # The platform id, which the test notes after each sync.
    id: object = None


@dataclass
class Outcome:
    status: str
    counts: dict
    rejected: set
    # By kind, column and currency: count and sum of what is in the file, loaded, rejected, skipped, in the books.
    totals: dict


class Books:
    """One account's records, in all its enrollments, in the order they were made."""

    def __init__(self):
        self.records: list[Record] = []

    def of(self, kind, enrollment):
        return [record for record in self.records if (record.kind, record.enrollment) == (kind, enrollment)]

    def totals(self, enrollment):
        """Count and sum of each amount by kind, column and currency."""
        found = {}
        for kind, amounts in AMOUNTS.items():
            for record in self.of(kind, enrollment):
                for column, currency in amounts.items():
                    add_up(found, (kind, column, currency_of(record.values.get(currency))), record.values[column])
        return found

    def sync(self, blocks, enrollment="ours", full=False, unread=()) -> Outcome:
        """`unread` are lines, as (block, number), of which the reader of the file makes no row."""
        return _Sync(self, enrollment, full, unread).run(blocks)


class _Sync:
    def __init__(self, books, enrollment, full, unread):
        self.books, self.enrollment, self.full, self.unread = books, enrollment, full, unread
        self.read, self.rejected, self.skipped = {}, [], {}
        self.lines: list[Line] = []
        # Every line whose cells were looked at, and those that a later one has replaced.
        self.looked_at: list[Line] = []
        self.superseded: list[Line] = []
        # The lines of blocks without their key columns, whose cells are not looked at.
        self.whole: list[Line] = []

    def run(self, blocks):
        for number, (kind, rows) in enumerate(blocks):
            self.stage(kind, rows, number)
        if not self.is_worth_it():
            return self.failed()
        self.supersede([line for line in self.lines if line.kind != "FinancialAccountBalanceHistory"], self.key_cells)
        for line in self.lines:
            self.plan(line)
        self.reject([line for line in self.lines if self.is_faulty(line)])
        while fallen := [line for line in self.lines if any(one in self.rejected for one in line.found.values())]:
            self.reject(fallen)
        while stay := [line for line in self.lines if line.action == "delete" and self.is_referred_to(line.record)]:
            self.reject(stay)
        histories = [line for line in self.lines if line.kind == "FinancialAccountBalanceHistory"]
        self.supersede(histories, lambda line: (line.found["financialAccount"], line.value("periodNumber")))
        if not self.is_worth_it():
            return self.failed()
        return self.write()

    def stage(self, kind, rows, block):
        columns = {column for row in rows for column in row}
        self.read[kind] = self.read.get(kind, 0) + len(rows)
        for number, cells in enumerate(rows, 2):
            line = Line(kind, cells, number, block)
            if not self.has_key_columns(kind, columns):
                self.whole.append(line)
                continue
            if (block, number) not in self.unread:
                self.looked_at.append(line)
            if self.has_bad_cell(line):
                self.rejected.append(line)
            else:
                self.lines.append(line)

    def has_key_columns(self, kind, columns):
        if "erpKey" in KINDS[kind].key:
            return "erpKey" in columns
        return {"periodNumber", "financialYear"} <= columns and columns & {
            "financialAccountErpKey",
            "financialAccountCode",
        }

    def has_bad_cell(self, line):
        if any(str(cell) in BAD for cell in line.cells.values()):
            return True
        if any(INVISIBLE & set(line.value(column) or "") for column in line.cells if is_key(column)):
            return True
        needed = [c for c in KINDS[line.kind].required if line.has(c) or c in KINDS[line.kind].key]
        return any(line.value(column) is None for column in needed)

    def key_cells(self, line):
        return line.value("erpKey")

    def supersede(self, lines, key):
        last = {}
        for line in lines:
            last[line.kind, key(line)] = line
        for line in lines:
            if last[line.kind, key(line)] is not line:
                self.lines.remove(line)
                self.superseded.append(line)
                self.skipped[line.kind] = self.skipped.get(line.kind, 0) + 1

    def plan(self, line):
        for name, reference in KINDS[line.kind].references.items():
            ways = [self.look_up(line, reference, column, by) for column, by in reference.ways]
            line.found[name] = next((found for found in ways if found is not None), None)
            line.cells[f"_ways_{name}"] = ways
        line.record = self.record_of(line)
        if line.record is None:
            line.action = "insert"
        else:
            line.action = ("", "leave", "delete")[line.match]
        if not line.action:
            line.action = "same" if self.updated(line) == line.record.values else "update"

    def record_of(self, line):
        for record in self.books.of(line.kind, self.enrollment):
            if line.kind == "FinancialAccountBalanceHistory":
                mine = (line.found["financialAccount"], typed("periodNumber", line.value("periodNumber")))
                if mine == (record.values["financialAccount"], record.values["periodNumber"]):
                    return record
            elif record.values["erpKey"] == line.value("erpKey"):
                return record
        return None

    def look_up(self, line, reference, column, by):
        """The record, or the line that will become one, that the column names."""
        named = line.value(column)
        if named is None:
            return None
        if by == "id":
            return next((r for r in self.books.records if r.kind == reference.to and str(r.id) == named), None)
        there = self.books.of(reference.to, self.enrollment)
        staged = [other for other in self.lines if other.kind == reference.to]
        if by == "key":
            found = [record for record in there if record.values["erpKey"] == named]
            return (found or [other for other in staged if other.value("erpKey") == named] or [None])[0]
        lines = {other.value("erpKey"): other for other in staged}
        for record in there:
            other = lines.pop(record.values["erpKey"], None)
            renames = other and other.match == 0 and other.has("code")
            if (other.value("code") if renames else record.values["code"]) == named:
                return record
        return next((other for other in lines.values() if other.value("code") == named), None)

    def is_faulty(self, line):
        kind = KINDS[line.kind]
        if line.action == "insert" and any(not line.has(c) for c in kind.required if not c.endswith(("ErpKey",))):
            return True
        network_id = line.value("networkId")
        if network_id and (line.record is None or str(line.record.id) != network_id):
            return True
        for name, reference in kind.references.items():
            named = [column for column, _ in reference.ways if line.value(column) is not None]
            found, ways = line.found[name], line.cells[f"_ways_{name}"]
            if named and found is None:
                return True
            if any(way is not found for way, (c, _) in zip(ways, reference.ways, strict=True) if c in named):
                return True
            is_emptied = line.action == "update" and any(line.has(column) for column, _ in reference.ways)
            if reference.required and not named and (line.action == "insert" or is_emptied or name in kind.key):
                return True
        if line.kind == "Invoice" and line.action in ("insert", "update"):
            new = self.updated(line)
            return any(new[base] is not None and abs(new[base]) >= LIMIT for base in IN_BASE_CURRENCY)
        return False

    def is_referred_to(self, record):
        going = [line.record for line in self.lines if line.action == "delete"]
        for other in self.books.records:
            if other is not record and other not in going and record in other.values.values():
                return True
        staying = [line for line in self.lines if line.action in ("insert", "update")]
        return any(found is record for line in staying for found in line.found.values())

    def updated(self, line):
        """The values of the line's record afterwards."""
        kind, new = KINDS[line.kind], line.record is None
        values = {} if new else dict(line.record.values)
        if "erpKey" in kind.key:
            values["erpKey"] = line.value("erpKey")
        old = dict(values)
        for column in kind.own_columns:
            if line.has(column) or new:
                values[column] = typed(column, line.value(column))
        for name, reference in kind.references.items():
            if new or any(line.has(column) for column, _ in reference.ways):
                values[name] = line.found[name]
        for base, amount in IN_BASE_CURRENCY.items() if line.kind == "Invoice" else ():
            if line.value(base) is not None:
                continue
            rate = "currencyRate"
            values[base] = old.get(base)
            if values[base] is None or (old[amount], old[rate]) != (values[amount], values[rate]):
                values[base] = None if values[amount] is None else values[amount] * values[rate]
        return values

    def reject(self, lines):
        self.rejected += lines
        self.lines = [line for line in self.lines if line not in lines]

    @property
    def rejected_count(self):
        return len(self.rejected) + len(self.whole)

    def is_worth_it(self):
        return not self.rejected_count or self.rejected_count < sum(self.read.values())

    def rejected_of(self, kind):
        return sum(line.kind == kind for line in (*self.whole, *self.rejected))

    def failed(self):
        counts = {}
        for kind, read in self.read.items():
            rejected = self.rejected_of(kind)
            counts[kind] = {"lines_read": read, "rejected": rejected, "skipped": read - rejected}
        return self.outcome("Failed", counts)

    def outcome(self, status, counts):
        rejected = {line.place for line in (*self.whole, *self.rejected)}
        return Outcome(status, _without_zeroes(counts), rejected, self.totals(status == "Failed"))

    def totals(self, has_failed):
        found = {key: {"books": total} for key, total in self.books.totals(self.enrollment).items()}
        found = {key: totals for key, totals in found.items() if key[0] in self.read}
        for line in self.looked_at:
            if line in self.rejected:
                category = "rejected"
            elif has_failed or line in self.superseded or line.action in ("leave", "delete"):
                category = "skipped"
            else:
                category = "loaded"
            for column, currency in AMOUNTS.get(line.kind, {}).items():
                if (text := line.value(column)) not in (None, *BAD):
                    key = (line.kind, column, currency_of(line.value(currency)))
                    for name in ("file", category):
                        add_up(found.setdefault(key, {}), name, Decimal(text))
        return found

    def write(self):
        counts = {
            kind: {"lines_read": read, "rejected": self.rejected_of(kind), "skipped": self.skipped.get(kind, 0)}
            for kind, read in self.read.items()
        }
        kinds = [kind for kind in self.read if not self.rejected_of(kind)]
        complete = [kind for kind in kinds if self.full or KINDS[kind].always_complete]
        seen = [line.record for line in self.lines]
        missing = [r for kind in complete for r in self.books.of(kind, self.enrollment) if r not in seen]
        made = {line: Record(line.kind, self.enrollment) for line in self.lines if line.action == "insert"}
        for line in self.lines:
            name = {"insert": "inserted", "update": "updated", "same": "unchanged", "delete": "deleted_by_match"}
            name = name.get(line.action, "skipped")
            counts[line.kind][name] = counts[line.kind].get(name, 0) + 1
        for line in [line for line in self.lines if line.action in ("insert", "update")]:
            values = {column: made.get(value, value) for column, value in self.updated(line).items()}
            (made.get(line) or line.record).values = values
        self.books.records += made.values()
        self.forget([line.record for line in self.lines if line.action == "delete"])
        staying = [record for record in self.books.records if record not in missing]
        while referred_to := [m for m in missing if any(m in record.values.values() for record in staying)]:
            staying += referred_to
            missing = [record for record in missing if record not in referred_to]
        self.forget(missing)
        for record in missing:
            counts[record.kind]["deleted_as_missing"] = counts[record.kind].get("deleted_as_missing", 0) + 1
        return self.outcome("Success", counts)

    def forget(self, records):
        self.books.records = [record for record in self.books.records if record not in records]


def add_up(totals, key, amount):
    if amount is not None:
        count, sum = totals.get(key, (0, Decimal()))
        totals[key] = (count + 1, sum + amount)


def _without_zeroes(counts):
    return {kind: {name: number for name, number in found.items() if number} for kind, found in counts.items()}
