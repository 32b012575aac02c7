"""Records as rows of a table: texts, and links to what they refer to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse

from adsplatform.accounts.models import Account
from adsplatform.records.display import DisplayedField, DisplayedKind, displayed_kinds
from adsplatform.records.models import Record
from syncs.presentation.record_tables import Targets, target_of, targets_of

LONG_CODE = 24


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

    @property
    def has_long_code(self) -> bool:
        """Whether it is called by a long key, such as a GUID, which a list cuts rather than breaks."""
        return len(self.title) > LONG_CODE and " " not in self.title


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
