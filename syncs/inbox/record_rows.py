"""Records as rows of a table: texts, and links to what they refer to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse

from adsplatform.accounts.models import Account
from adsplatform.records.display import DisplayedField, DisplayedKind, displayed_kinds
from adsplatform.records.fields import AnyReference
from adsplatform.records.models import Record


class Target(NamedTuple):
    """A record that others refer to: what people call it, and its key."""

    title: str
    key: str


# What records refer to, by kind and id; None stands for no reference.
Targets = Mapping[tuple[str, UUID] | None, Target]


class Cell(NamedTuple):
    """A value of a record; `url` is the page of the record that it refers to."""

    field: DisplayedField
    text: str
    url: str


@dataclass(frozen=True)
class Row:
    """A record in a list: its name, its key where that is another text, and its cells."""

    record: Record
    url: str
    title: str
    key: str
    cells: list[Cell]


def record_url(kind: DisplayedKind, id: UUID) -> str:
    return reverse("inbox:record", args=[kind.slug, id])


def rows_of(kind: DisplayedKind, records: Sequence[Record], account: Account) -> list[Row]:
    """The records with the names of what they refer to; one query for each kind that they refer to."""
    targets = targets_of(kind.listed, records, account)
    rows = []
    for record in records:
        title, key = kind.title(record), getattr(record, "erp_key", "")
        cells = [cell_of(field, record, targets) for field in kind.listed]
        rows.append(Row(record, record_url(kind, record.pk), title, key if key != title else "", cells))
    return rows


def cell_of(field: DisplayedField, record: Record, targets: Targets) -> Cell:
    """One value; of a reference, the name of its target, or the id of one that is gone."""
    to = target_of(field, record)
    if to is None:
        return Cell(field, field.text_of(record), "")
    name, id = to
    target = targets.get(to)
    return Cell(field, target.title, record_url(displayed_kinds()[name], id)) if target else Cell(field, str(id), "")


def targets_of(fields: Iterable[DisplayedField], records: Sequence[Record], account: Account) -> Targets:
    """The names of what the fields of these records refer to."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for field in fields:
        for record in records:
            if to := target_of(field, record):
                wanted[to[0]].add(to[1])
    found: dict[tuple[str, UUID] | None, Target] = {}
    for name, ids in wanted.items():
        kind = displayed_kinds()[name]
        rows = kind.model.objects.of(account.pk).filter(pk__in=ids).only("id", *kind.read_for_title())
        found |= {(name, row.pk): Target(kind.title(row), getattr(row, "erp_key", "")) for row in rows}
    return found


def target_of(field: DisplayedField, record: Record) -> tuple[str, UUID] | None:
    """The kind and id of what a field refers to."""
    id = field.value_of(record)
    if not isinstance(id, UUID):
        return None
    if field.refers_to:
        return field.refers_to.__name__, id
    if isinstance(field.field, AnyReference) and (name := getattr(record, field.field.kind)) in displayed_kinds():
        return name, id
    return None
