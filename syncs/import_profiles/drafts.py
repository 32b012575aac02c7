"""A proposal while it is made: the table, what is known of the books, and which field each column fills so far."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from adsplatform.records.display import displayed_kinds
from adsplatform.records.specification import Column as Field
from adsplatform.records.specification import entities
from syncs.import_profiles.column_styles import Styles
from syncs.import_profiles.inspected import Json
from syncs.import_profiles.kinds import KindFinding, Layout
from syncs.import_profiles.known_names import layout_roles
from syncs.import_profiles.mapping import Match
from syncs.import_profiles.questions import Asker
from syncs.import_profiles.row_kinds import RowKinds
from syncs.import_profiles.tables import Column, Table


def _none_found(names: Collection[str]) -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Books:
    """What a proposal asks of the books that the file would be loaded into.

    `with_names` and `with_keys` say which of these names or keys belong to exactly one company; `own_companies` has
    the keys of the account's own companies, and `currency` the code that most of its invoices have.
    """

    with_names: Callable[[Collection[str]], Collection[str]] = _none_found
    with_keys: Callable[[Collection[str]], Collection[str]] = _none_found
    own_companies: tuple[str, ...] = ()
    currency: str = ""


@dataclass(slots=True)
class Draft:
    """What is known so far. `table` has the rows that are records, `whole` all rows."""

    whole: Table
    table: Table
    rows: RowKinds
    found: KindFinding
    asker: Asker
    books: Books
    today: date
    styles: Styles = field(default_factory=Styles)
    # By kind and field: the column that fills it.
    fields: dict[str, dict[str, Match]] = field(default_factory=dict)
    # By kind and field: what the profile says fills it, where it is more than a column.
    sources: dict[str, dict[str, Json]] = field(default_factory=dict)
    # By the position of a column: the words that are read as empty.
    empty_words: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.found.kinds

    @property
    def layout(self) -> Layout:
        return self.found.layout

    def match(self, kind: str, name: str) -> Match | None:
        """The column that fills a field."""
        return self.fields.get(kind, {}).get(name)

    def is_filled(self, kind: str, name: str) -> bool:
        """Whether a column or another source fills a field."""
        return name in self.fields.get(kind, {}) or name in self.sources.get(kind, {})

    def matches_of(self, column: Column) -> list[Match]:
        """All fields that a column fills."""
        return [
            match
            for kind in self.kinds
            for match in self.fields.get(kind, {}).values()
            if match.column.place == column.place
        ]

    def columns_of_type(self, *types: str) -> list[Column]:
        """The columns that fill a field of one of these types, in the file's order."""
        found = {
            match.column.place: match.column
            for kind in self.kinds
            for match in self.fields.get(kind, {}).values()
            if field_of(match.kind, match.field).type in types and not match.by
        }
        if self.layout is Layout.IN_AND_OUT and "amount" in types:
            money = [
                column for column in self.table.columns if layout_roles().get(column.key) in ("moneyIn", "moneyOut")
            ]
            found |= {column.place: column for column in money}
        return [found[place] for place in sorted(found)]

    def set_source(self, kind: str, name: str, source: Json) -> None:
        self.sources.setdefault(kind, {})[name] = source


def field_in_words(kind: str, name: str) -> str:
    """A field as a question names it: “Customer key” (customerErpKey)."""
    return f"“{displayed_kinds()[kind].label_of(field_of(kind, name).name)}” ({name})"


def field_of(kind: str, name: str) -> Field:
    """The specification of a field by its wire name."""
    return fields_of(kind)[name]


def fields_of(kind: str) -> Mapping[str, Field]:
    """The specification of a kind's fields by their wire names."""
    return {column.wire: column for column in entities()[kind].columns.values()}
