"""Types of accounts: what an account counts as follows from its type and those above it."""

from dataclasses import dataclass, field

from syncs.connectors.tryton.server import Domain, Server, pages

# Tryton does not mark equity; the name of a type, or of one above it, does.
EQUITY_WORDS = ("equity", "capital", "eigenkapital", "capitaux propres", "patrimonio", "eigen vermogen")
# The flags that make an account one or the other, by the statement that its type belongs to.
BALANCE = {"assets": "Asset", "payable": "Liability"}
INCOME = {"revenue": "Income", "expense": "Expense"}
FLAGS = (*BALANCE, *INCOME)
# Types without a statement are headings of the chart.
WITH_STATEMENT: Domain = ["statement", "!=", None]


@dataclass(slots=True)
class _Type:
    name: str
    parent: int
    is_income: bool
    flags: set[str]
    # Those of the types below it as well.
    all_flags: set[str] = field(default_factory=set)


class AccountTypes:
    """All types of accounts of a database that belong to a statement."""

    def __init__(self, server: Server) -> None:
        self._types: dict[int, _Type] = {}
        for page in pages(server, "account.account.type", [WITH_STATEMENT], ["name", "parent", "statement", *FLAGS]):
            for each in page:
                flags = {flag for flag in FLAGS if each.flag(flag)}
                is_income = each.text("statement") == "income"
                self._types[each.id] = _Type(each.text("name") or "", each.integer("parent"), is_income, flags)
        for type_ in self._types:
            for above in self._upwards(type_):
                above.all_flags |= self._types[type_].flags

    def _upwards(self, type_: int) -> list[_Type]:
        """The type and those above it, up to the statement."""
        found: list[_Type] = []
        while type_ in self._types and len(found) < len(self._types):
            found.append(self._types[type_])
            type_ = found[-1].parent
        return found

    def names(self, type_: int) -> list[str]:
        """The name of the type and of those above it."""
        return [each.name for each in self._upwards(type_)]

    def classification(self, type_: int) -> str:
        """What an account of the type counts as: in many charts, only some of the types have a flag.

        Where a type has none, the first type above it counts under which all flags are the same.
        """
        upwards = self._upwards(type_)
        is_income = bool(upwards) and upwards[0].is_income
        of_flag = INCOME if is_income else BALANCE
        for flag, classification in of_flag.items():
            if upwards and flag in upwards[0].flags:
                return classification
        for each in upwards:
            if not is_income and any(word in each.name.casefold() for word in EQUITY_WORDS):
                return "Equity"
            below = {of_flag[flag] for flag in each.all_flags if flag in of_flag}
            if len(below) == 1:
                return below.pop()
        return "Expense" if is_income else "Liability"
