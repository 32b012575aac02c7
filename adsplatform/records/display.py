"""How records are shown to people: names of kinds and fields, columns of lists, groups of a page.

Derived from the models, so that a new kind of record has its pages without a further line. `LISTED` and `SEARCHED` of a
model say what differs from the rule.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, cached_property
from uuid import UUID

from django.db import models
from django.utils import timezone

from adsplatform.records.fields import AmountField, AnyReference, Reference
from adsplatform.records.models.base import Record, SourceStamps

COLUMNS_UNLESS_LISTED = 6
ABBREVIATIONS = {"id": "ID", "url": "URL", "duns": "DUNS", "uid": "UID"}
# Words after which “code” says nothing more.
CODED = {"type", "status", "currency", "reference", "role", "terms"}
DETAILS, AMOUNTS, BASE_AMOUNTS, DATES = "Details", "Amounts", "In the base currency", "Dates"
ADDRESS, REACHED_BY = "Address", "Phone and e-mail"
OF_GROUPS = {
    ADDRESS: "address1 address2 address3 address4 city state_region postal_code country country_code".split(),
    REACHED_BY: "phone phone_number fax fax_number email_address webpage_url locale".split(),
}

# The last columns of a list as a file.
OF_EVERY_KIND = ("Enrollment", "Added", "Changed", "ID")

# What a field's value may be.
Shown = UUID | str | int | float | bool | Decimal | date | datetime | dict[str, object] | list[object] | None


@dataclass(frozen=True)
class DisplayedField:
    """One field of a record as people see it."""

    field: "models.Field[object, object]"
    label: str
    # The heading under which it stands on a record's page.
    group: str

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def is_amount(self) -> bool:
        return isinstance(self.field, AmountField)

    @property
    def adds_up(self) -> bool:
        return isinstance(self.field, AmountField) and self.field.adds_up

    @property
    def is_number(self) -> bool:
        """Whether its values stand at the right of a column."""
        return isinstance(self.field, models.DecimalField | models.IntegerField | models.FloatField)

    @property
    def is_date(self) -> bool:
        return isinstance(self.field, models.DateField)

    @property
    def refers_to(self) -> type[Record] | None:
        """The kind of record that it refers to, if it is always the same."""
        return self.field.related_model if isinstance(self.field, Reference) else None

    @property
    def names_a_record(self) -> bool:
        """Whether it refers to a record, of one kind or of several."""
        return isinstance(self.field, Reference | AnyReference)

    @property
    def is_sortable(self) -> bool:
        return not (self.names_a_record or isinstance(self.field, models.JSONField))

    def value_of(self, record: Record) -> Shown:
        """The record's value; of a reference, the id of what it refers to."""
        value: Shown = getattr(record, self.field.attname)
        return value

    def text_of(self, record: Record) -> str:
        """The value as a text for people, exact; empty if there is none."""
        return as_text(self.value_of(record))


@dataclass(frozen=True)
class DisplayedKind:
    """One kind of record as people see it."""

    model: type[Record]

    @property
    def name(self) -> str:
        return self.model.__name__

    @cached_property
    def slug(self) -> str:
        """The kind in an address: `invoice-lines`."""
        return "-".join(_words(self.model.BATCH_KEY))

    @cached_property
    def singular(self) -> str:
        return " ".join(_words(self.name))

    @cached_property
    def plural(self) -> str:
        return " ".join(_words(self.model.BATCH_KEY))

    @cached_property
    def fields(self) -> tuple[DisplayedField, ...]:
        """The fields that not every kind of record has, the times of the source last."""
        shared = {field.name for field in Record._meta.local_fields}
        of_source = {field.name for field in SourceStamps._meta.local_fields}
        own = [field for field in self.model._meta.concrete_fields if field.name not in shared]
        own.sort(key=lambda field: field.name in of_source)
        return tuple(
            DisplayedField(field, _label(_name_without_key(field), group, self.singular), group)
            for field in own
            for group in [_group(field)]
        )

    @cached_property
    def by_name(self) -> dict[str, DisplayedField]:
        return {field.name: field for field in self.fields}

    def column_name(self, field: DisplayedField) -> str:
        """The field's label where no heading stands above it: another one than those of the kind's other fields."""
        has_namesake = sum(each.label == field.label for each in self.fields) > 1
        has_heading = field.group not in (DETAILS, AMOUNTS)
        return f"{field.group}: {field.label}" if has_namesake and has_heading else field.label

    def label_of(self, column: str) -> str:
        """What people call a column that can be loaded: `customer_erp_key` of an invoice → Customer key."""
        if field := self.by_name.get(column):
            return self.column_name(field)
        for ending, word in (("_erp_key", "key"), ("_network_id", "ID")):
            if column.endswith(ending) and (named := self.by_name.get(column.removesuffix(ending))):
                return f"{named.label} {word}"
        return _label(column, DETAILS, self.singular)

    @cached_property
    def file_header(self) -> tuple[str, ...]:
        """The names of the columns of a list as a file, each only once: of a reference, its name and its key."""
        names = []
        for field in self.fields:
            names.append(self.column_name(field))
            if field.names_a_record:
                names.append(f"{field.label} key")
        return (*names, *OF_EVERY_KIND)

    @property
    def has_key(self) -> bool:
        return "erp_key" in self.by_name

    @cached_property
    def listed(self) -> tuple[DisplayedField, ...]:
        """The columns of a list, besides the record's name."""
        if self.model.LISTED:
            return tuple(self.by_name[name] for name in self.model.LISTED)
        others = [field for field in self.fields if field.name != "erp_key"]
        return tuple(others[:COLUMNS_UNLESS_LISTED])

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The text fields in which a search looks."""
        return (*(("erp_key",) if self.has_key else ()), *self.model.SEARCHED)

    @cached_property
    def references(self) -> tuple[DisplayedField, ...]:
        return tuple(field for field in self.fields if field.refers_to)

    @cached_property
    def day(self) -> DisplayedField | None:
        """The date by which people narrow and order a list."""
        return next((field for field in self.listed if field.is_date), None)

    @cached_property
    def amount(self) -> DisplayedField | None:
        """The amount by which people narrow a list."""
        return next((field for field in self.listed if field.adds_up), None)

    @cached_property
    def groups(self) -> tuple[tuple[str, tuple[DisplayedField, ...]], ...]:
        """All fields under their headings."""
        groups: dict[str, list[DisplayedField]] = {name: [] for name in (DETAILS, AMOUNTS, BASE_AMOUNTS, DATES)}
        for field in self.fields:
            groups.setdefault(field.group, []).append(field)
        return tuple((heading, tuple(fields)) for heading, fields in groups.items() if fields)

    def title(self, record: Record) -> str:
        """What people call the record: its name or number, else its key, else its first value."""
        for name in (*self.model.SEARCHED[:1], "erp_key"):
            if name in self.by_name and (text := self.by_name[name].text_of(record)):
                return text
        others = (field.text_of(record) for field in self.fields if not field.refers_to)
        return next(filter(None, others), self.singular)

    def read_for_title(self) -> tuple[str, ...]:
        """The fields that `title` needs."""
        if self.has_key:
            return (*self.model.SEARCHED[:1], "erp_key")
        return tuple(field.name for field in self.fields)


@cache
def displayed_kinds() -> dict[str, DisplayedKind]:
    """Every kind of record by the name of its model."""
    return {model.__name__: DisplayedKind(model) for model in Record.__subclasses__()}


@cache
def kinds_by_slug() -> dict[str, DisplayedKind]:
    return {kind.slug: kind for kind in displayed_kinds().values()}


def kind_of(model: type[Record]) -> DisplayedKind:
    return displayed_kinds()[model.__name__]


def referring_to(model: type[Record]) -> Iterator[tuple[DisplayedKind, DisplayedField]]:
    """The kinds of record that refer to records of this one, with the field by which they do."""
    for kind in displayed_kinds().values():
        for field in kind.references:
            if field.refers_to is model:
                yield kind, field


def as_text(value: Shown) -> str:
    """A value as people read it: 1,234.50; 3 Mar 2025; Yes."""
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case Decimal():
            return amount_text(value)
        case datetime():
            # Midnight is how a source writes a day where the record has a moment.
            moment = timezone.localtime(value)
            return f"{moment:%-d %b %Y, %H:%M %Z}" if moment.time() != time.min else f"{moment:%-d %b %Y}"
        case date():
            return f"{value:%-d %b %Y}"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def amount_text(number: Decimal) -> str:
    """An amount with all its digits, and at least two places: 1,234.50."""
    whole, _, fraction = f"{number:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower().split()


def _name_without_key(field: "models.Field[object, object]") -> str:
    """The name of a field that refers to records of several kinds ends with “key”, unlike those of other references."""
    return field.name.removesuffix("_key") if isinstance(field, AnyReference) else field.name


def _label(name: str, group: str, singular: str) -> str:
    """A field's name in words, without what its kind or heading says: `invoice_status_code` of an invoice → Status."""
    if name == "erp_key":
        return "Key"
    words = re.sub(r"(?<=[a-z])(?=[0-9])", "_", name).split("_")
    if words[-1] == "code" and len(words) > 1 and words[-2] in CODED:
        words.pop()
    if group in (AMOUNTS, BASE_AMOUNTS) and words[-1] == "amount" and words[-2:] != [*singular.split()[-1:], "amount"]:
        words = words[:-1] if len(words) > 1 else words
    said = {BASE_AMOUNTS: "base currency", DETAILS: "is"}.get(group, group.lower()).split()
    for known in (said, singular.split()):
        if words[: len(known)] == known and len(words) > len(known) and not words[len(known)].isdigit():
            words = words[len(known) :]
    text = " ".join(ABBREVIATIONS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


def _group(field: "models.Field[object, object]") -> str:
    for group, names in OF_GROUPS.items():
        if field.name in names:
            return group
    before, of_address, _ = field.name.partition("_address_")
    if of_address:
        return f"{before.replace('_', ' ').capitalize()} address"
    if isinstance(field, AmountField):
        return BASE_AMOUNTS if field.name.startswith("base_") else AMOUNTS
    return DATES if isinstance(field, models.DateField) else DETAILS
