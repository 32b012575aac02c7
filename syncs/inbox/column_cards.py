"""One card for each column of a file: its name, three values, where it goes, and how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from adsplatform.records.specification import entities
from syncs.import_profiles.column_changes import Target, constants_of, uses_of, with_column, with_constant
from syncs.import_profiles.inspected import InspectedColumn
from syncs.import_profiles.profile import ProfileError
from syncs.import_profiles.style_changes import with_style
from syncs.inbox.column_style_fields import ColumnStyleFields, StyleField
from syncs.inbox.field_names import FieldName, field_name, label_of
from syncs.inbox.question_fields import Option, as_json, in_words

SAMPLES = 3
# The value of a list of fields that leaves the column out.
NOWHERE = ""


@dataclass(frozen=True)
class FieldList:
    """A list of fields from which one may be chosen; the fields of each kind of record are a group of their own."""

    name: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    nothing: str


@dataclass(frozen=True)
class ColumnCard:
    """A column of the file, the fields that it fills, and the lists to choose others."""

    column: InspectedColumn
    lists: tuple[FieldList, ...]
    # Fields that it fills together with other columns, which are changed by questions only.
    together: tuple[FieldName, ...]
    # How its numbers or dates are written.
    styles: tuple[StyleField, ...] = ()
    # The sums of the amounts that it fills, as the file would be read: field, currency, sum.
    sums: tuple[tuple[FieldName, str, str], ...] = ()

    @property
    def fields(self) -> tuple[FieldName, ...]:
        """The fields that it was found to fill."""
        return tuple(map(field_name, self.column.fields))

    @property
    def is_left_out(self) -> bool:
        """Whether the column fills no field."""
        chosen = any(option.is_chosen for one in self.lists for _, options in one.groups for option in options)
        return bool(self.lists) and not (chosen or self.together)

    @property
    def samples(self) -> tuple[str, ...]:
        return self.column.samples[:SAMPLES]


@dataclass(frozen=True)
class ConstantRow:
    """A value that every record of a kind gets because the file has no column for it."""

    list: FieldList
    value_name: str
    value: str


class ColumnChoices:
    """The columns and constants of one file's profile, as chosen in a form."""

    def __init__(
        self,
        prefix: str,
        columns: Sequence[InspectedColumn],
        document: Mapping[str, Any],
        posted: QueryDict | None,
        asked: frozenset[str] = frozenset(),
    ) -> None:
        """`asked` are the columns and the fields of which the questions decide."""
        self.prefix, self.columns, self.document, self.posted, self.asked = prefix, columns, document, posted, asked
        self.kinds = tuple(dict.fromkeys(str(rule["kind"]) for rule in document.get("records", ())))
        self.problems: list[str] = []

    def applied(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with what was chosen; what cannot be is said in `problems` and left as it was."""
        changed = dict(document)
        if self.posted is None:
            return changed
        # First what columns no longer fill, so that others may fill it.
        wanted = [(column, self._targets(at)) for at, column in enumerate(self.columns) if self._is_posted(at)]
        for keep_only_present in (True, False):
            for column, targets in wanted:
                present = {use.target for use in uses_of(changed, column.name)}
                chosen = [one for one in targets if one in present] if keep_only_present else targets
                changed = self._tried(changed, with_column, column.name, [*chosen, *self._together(changed, column)])
        for target in constants_of(document):
            if not self._is_asked(target) and str(target) not in {name for name, _ in self._constants()}:
                changed = self._tried(changed, with_constant, target, None)
        for name, value in self._constants():
            if name and value.strip():
                changed = self._tried(changed, self._add_constant, name, value)
        for at, column in enumerate(self.columns):
            if style := self._style_fields(at).chosen():
                changed = with_style(changed, column.name, style)
        return changed

    @property
    def chosen_styles(self) -> str:
        """All that was chosen of the styles, as one text; empty where nothing was."""
        chosen = {str(at): self._style_fields(at).chosen() for at in range(len(self.columns))}
        return as_json({at: style for at, style in chosen.items() if style}) if any(chosen.values()) else ""

    def cards(
        self, document: Mapping[str, Any], totals: Mapping[str, Mapping[str, str]] | None = None
    ) -> list[ColumnCard]:
        """The card of every column, with the fields that the document gives it.

        `totals` are sums of the amounts by field and currency.
        """
        cards = []
        for at, column in enumerate(self.columns):
            uses = uses_of(document, column.name)
            alone = [str(use.target) for use in uses if use.is_alone]
            lists = tuple(
                self._list(f"{self.prefix}c{at}t{number}", chosen, "leave out" if not alone else "nowhere else")
                for number, chosen in enumerate([*alone, NOWHERE])
            )
            together = tuple(field_name(str(use.target)) for use in uses if not use.is_alone)
            filled = [use.target for use in uses]
            sums = [
                (field_name(str(one)), code, sum)
                for one in filled
                for code, sum in (totals or {}).get(str(one), {}).items()
            ]
            cards.append(
                ColumnCard(
                    column,
                    () if column.name in self.asked else lists,
                    together,
                    self._style_fields(at).fields(target.column for target in filled),
                    tuple(sums),
                )
            )
        return cards

    def constants(self, document: Mapping[str, Any]) -> list[ConstantRow]:
        """The constants of the document that no question is about, and two empty rows for further ones."""
        known = [
            (str(one), in_words(value)) for one, value in constants_of(document).items() if not self._is_asked(one)
        ]
        return [
            ConstantRow(self._list(f"{self.prefix}k{at}f", name, "none"), f"{self.prefix}k{at}v", value)
            for at, (name, value) in enumerate([*known, (NOWHERE, ""), (NOWHERE, "")])
        ]

    def _list(self, name: str, chosen: str, nothing: str) -> FieldList:
        groups = tuple(
            (
                entities()[kind].singular.capitalize(),
                tuple(
                    Option(
                        f"{kind}.{column.wire}",
                        f"{label_of(kind, column)} ({column.wire})",
                        f"{kind}.{column.wire}" == chosen,
                    )
                    for column in entities()[kind].columns.values()
                ),
            )
            for kind in self.kinds
        )
        return FieldList(name, groups, nothing)

    def _style_fields(self, at: int) -> ColumnStyleFields:
        return ColumnStyleFields(f"{self.prefix}c{at}", self.document, self.columns[at].name, self.posted)

    def _is_posted(self, at: int) -> bool:
        return self.posted is not None and f"{self.prefix}c{at}t0" in self.posted

    def _targets(self, at: int) -> list[Target]:
        found: list[Target] = []
        number = 0
        while self.posted is not None and (name := f"{self.prefix}c{at}t{number}") in self.posted:
            if given := self.posted.get(name, ""):
                found += self._parsed(given)
            number += 1
        return list(dict.fromkeys(found))

    def _parsed(self, name: str) -> list[Target]:
        try:
            return [Target.parse(name)]
        except ProfileError as refused:
            self.problems.append(str(refused))
            return []

    def _together(self, document: Mapping[str, Any], column: InspectedColumn) -> list[Target]:
        return [use.target for use in uses_of(document, column.name) if not use.is_alone]

    def _constants(self) -> list[tuple[str, str]]:
        """The posted rows of constants: the field and its value."""
        found: list[tuple[str, str]] = []
        at = 0
        while self.posted is not None and (name := f"{self.prefix}k{at}f") in self.posted:
            found.append((self.posted.get(name, ""), self.posted.get(f"{self.prefix}k{at}v", "")))
            at += 1
        return found

    def _is_asked(self, target: Target) -> bool:
        return str(target) in self.asked or target.field in self.asked

    @staticmethod
    def _add_constant(document: Mapping[str, Any], name: str, value: str) -> dict[str, Any]:
        return with_constant(document, Target.parse(name), value)

    def _tried(self, document: dict[str, Any], change: Any, *arguments: Any) -> dict[str, Any]:
        try:
            changed: dict[str, Any] = change(document, *arguments)
        except ProfileError as refused:
            self.problems.append(str(refused))
            return document
        return changed
