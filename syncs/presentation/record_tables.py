"""Records as a table: what their references are called, and all their values for a file."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from adsplatform.accounts.models import Account
from adsplatform.records.display import DisplayedField, DisplayedKind, as_text, displayed_kinds
from adsplatform.records.fields import AnyReference
from adsplatform.records.models import Record
from adsplatform.rest.reads import limited_read
from enrollments.models import AppEnrollment
from syncs.presentation.table_files import Value

ROWS_AT_ONCE = 2_000


class Target(NamedTuple):
    """A record that others refer to: what people call it, and its key."""

    title: str
    key: str


# What records refer to, by kind and id; None stands for no reference.
Targets = Mapping[tuple[str, UUID] | None, Target]


def targets_of(fields: Iterable[DisplayedField], records: Sequence[Record], account: Account | None) -> Targets:
    """What the fields of these records refer to, by one query for each kind; staff look into all accounts (None)."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for field in fields:
        for record in records:
            if to := target_of(field, record):
                wanted[to[0]].add(to[1])
    found: dict[tuple[str, UUID] | None, Target] = {}
    for name, ids in wanted.items():
        kind = displayed_kinds()[name]
        rows = kind.model.objects.filter(pk__in=ids)
        if account is not None:
            rows = rows.of(account.pk)
        for row in rows.only("id", *kind.read_for_title()):
            found[name, row.pk] = Target(kind.title(row), getattr(row, "erp_key", ""))
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


def rows_to_export(kind: DisplayedKind, rows: QuerySet[Any], account: Account | None) -> Iterator[list[Value]]:
    """The values of each record under the kind's `file_header`, read a part at a time while they are sent.

    Staff export of all accounts (None).
    """
    enrollments: dict[UUID, str] = {}
    with limited_read():
        found = rows.defer("row_hash").iterator(chunk_size=ROWS_AT_ONCE)
        while records := list(islice(found, ROWS_AT_ONCE)):
            targets = targets_of(kind.fields, records, account)
            if unknown := {record.app_enrollment_id for record in records} - enrollments.keys():
                read = AppEnrollment.objects.select_related("app").filter(pk__in=unknown)
                enrollments |= dict.fromkeys(unknown, "") | {each.pk: str(each) for each in read}
            for record in records:
                values: list[Value] = []
                for field in kind.fields:
                    values += _values(field, record, targets)
                yield [
                    *values,
                    enrollments[record.app_enrollment_id],
                    record.created,
                    record.modified,
                    str(record.pk),
                ]


def _values(field: DisplayedField, record: Record, targets: Targets) -> list[Value]:
    """The value of a field; of a reference, the name and the key of its target."""
    value = field.value_of(record)
    if field.names_a_record:
        target = targets.get(target_of(field, record))
        return [target.title, target.key] if target else [str(value or ""), ""]
    return [as_text(value) if isinstance(value, dict | list) else value]
