"""The specification of what may be loaded, derived from the record models: entities with their columns, keys and
references.

The representations of `Column`, `Lookup` and `ReferenceTo` are part of every row hash: after a field of theirs is
added, renamed or moved, each enrollment's next sync compares all its rows as if they had changed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

from django.db import models

from adsplatform.naming import camel_case
from adsplatform.records import models as records
from adsplatform.records.fields import AmountField, AnyReference, Assumed, Reference
from adsplatform.records.models.base import Record, SourceStamps

# Columns whose published name is not their own in camelCase.
WIRE_NAMES = {"source_created_date": "created", "source_modified_date": "modified"}
SQL_TYPES = {
    "text": "text",
    "amount": "numeric(28, 8)",
    "double": "double precision",
    "integer": "integer",
    "boolean": "boolean",
    "uuid": "uuid",
    "date": "date",
    "stamp": "timestamptz",
    "json": "jsonb",
}

# The most words of an entity's name.
MOST_WORDS = 6
# Words that a file's name may have besides that of its kind.
PLAIN_WORDS = frozenset(
    "all as at bis complete copy csv daily data date end erp export exported exports feb file final from full "
    "h jan import january february march april may june july august september october november december mar "
    "apr jun jul aug sep sept oct nov dec januar februar märz april mai juni juli oktober dezember mrz okt dez "
    "kw latest list month monthly new of old on open part per q quarter records rows sync t table to until "
    "update upload utf v version von w week weekly year yearly ytd z".split()
)


def wire_name(name: str) -> str:
    """The published name of a column: `company_erp_key` → `companyErpKey`."""
    return WIRE_NAMES.get(name) or camel_case(name)


@dataclass(frozen=True)
class Column:
    """A loadable column. `field` is the record's column that it fills; empty if it only names another record."""

    name: str
    wire: str
    type: str
    # The kind of record that it belongs to, as a word for sentences.
    of: str
    required: bool = False
    max_length: int | None = None
    # The least and the greatest whole number allowed; None: any that has 32 bits.
    choices_range: tuple[int, int] | None = None
    # Used without a word where a new record has no value, or an empty one.
    default: object = None
    # Used in the same cases, with a warning.
    assumed: Assumed | None = None
    field: str = ""
    # Known texts; others load, with a warning.
    known_texts: tuple[str, ...] = ()
    # Whether a sum of it is meaningful, and the column of the same record that holds its currency.
    adds_up: bool = False
    currency: str = ""
    # Whether it is part of a key, or names a record by one; and whether it holds the code of a currency.
    is_key: bool = False
    is_currency: bool = False

    @property
    def is_needed_where_new(self) -> bool:
        """Whether a line without this column cannot create a record, though it may change one."""
        return bool(self.required and self.assumed is None and self.field)

    @property
    def sql_type(self) -> str:
        if self.type == "text" and self.max_length and self.field:
            # The type of the record's own column, so that PostgreSQL checks the length only once.
            return f"varchar({self.max_length})"
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Lookup:
    """One way to name a referenced record: the column that names it, and where to look it up.

    The lookup applies only if `when`, a pair of column and value, holds for the line.
    """

    column: str
    target: str
    target_column: str
    when: tuple[str, str] | None = None


@dataclass(frozen=True)
class ReferenceTo:
    """A reference: the record's column that holds the target's id, and the ways to name the target."""

    field: str
    lookups: tuple[Lookup, ...]
    required: bool


@dataclass(frozen=True)
class Entity:
    """One kind of record, as it may be loaded."""

    name: str
    model: type[Record]
    columns: dict[str, Column] = field(repr=False)
    references: tuple[ReferenceTo, ...] = field(repr=False)

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def key(self) -> tuple[str, ...]:
        return self.model.KEY

    @property
    def has_reference_in_key(self) -> bool:
        return any(reference.field in self.key for reference in self.references)

    @cached_property
    def by_wire_name(self) -> dict[str, Column]:
        """Columns by wire name in lower case, earlier names included."""
        named = {column.wire.lower(): column for column in self.columns.values()}
        for old, new in self.model.RENAMED_COLUMNS.items():
            named[old.lower()] = named[new.lower()]
        return named

    @cached_property
    def amounts(self) -> tuple[Column, ...]:
        """The columns that have control totals."""
        return tuple(column for column in self.columns.values() if column.adds_up)

    @cached_property
    def legacy_columns(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.model.LEGACY_COLUMNS)

    @property
    def singular(self) -> str:
        """The kind as a word in a sentence: `invoice line`."""
        return _word(self.name)

    @property
    def plural(self) -> str:
        return _word(self.model.BATCH_KEY)


@cache
def entities() -> dict[str, Entity]:
    """Every loadable entity by name."""
    kinds: list[type[Record]] = [getattr(records, name) for name in records.__all__ if name != "Record"]
    return {kind.__name__: _entity(kind) for kind in kinds}


@lru_cache(1_000)
def entity_named(name: str) -> Entity | None:
    """The entity that a file, a list or a connector calls `name`, or None.

    It may be the name of the entity, its batch key, its sync model or its read model, in singular or plural. Blanks,
    `-`, `_` and case are ignored, and so are a ` (1)` that a browser added to a file's name, a date, and words that say
    nothing about the kind, as in `Invoices_2024-01` or `export-companies`.
    """
    exact = _names().get(_folded(name))
    if exact:
        return exact
    words = _words(name)
    places = _places_of_names(words)
    if len(places) != 1:
        return None
    [(place, entity)] = places.items()
    others = [word for position, word in enumerate(words) if position not in place]
    return entity if all(word.isdecimal() or word in PLAIN_WORDS for word in others) else None


def entity_in(name: str) -> Entity | None:
    """The only entity whose name stands in a name as a word, or None: a suggestion where `entity_named` has none."""
    found = {entity.name: entity for entity in _places_of_names(_words(name)).values()}
    return next(iter(found.values())) if len(found) == 1 else None


def _words(name: str) -> list[str]:
    """The words and numbers in a name, in lower case; `InvoiceLines2024` has three."""
    return [word.lower() for word in re.findall(r"[^\W\d_]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:255]))]


def _places_of_names(words: list[str]) -> dict[range, Entity]:
    """The places of the names of entities among the words; of names within one another, the longest."""
    places: dict[range, Entity] = {}
    for length in range(min(len(words), MOST_WORDS), 0, -1):
        for start in range(len(words) - length + 1):
            place = range(start, start + length)
            entity = _names().get("".join(words[start : start + length]))
            if entity and not any(start in longer or place[-1] in longer for longer in places):
                places[place] = entity
    return places


def names_of_entities() -> list[str]:
    """The batch keys of all entities, for messages."""
    return sorted(entity.model.BATCH_KEY for entity in entities().values())


@cache
def _names() -> dict[str, Entity]:
    names: dict[str, Entity] = {}
    for entity in entities().values():
        spellings = {entity.name, entity.model.BATCH_KEY, *entity.model.OTHER_NAMES}
        for spelling in list(spellings):
            spellings |= {f"{spelling}Sync", f"{spelling}SyncModel", f"{spelling}Model", f"{spelling}s"}
        for spelling in spellings:
            names.setdefault(_folded(spelling), entity)
    return names


def _word(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _folded(name: str) -> str:
    return re.sub(r"\(\d{1,4}\)\s*$|[\s_-]", "", name).lower()


def _entity(kind: type[Record]) -> Entity:
    own = {f.name for f in Record._meta.get_fields()} - {f.name for f in SourceStamps._meta.get_fields()}
    columns: dict[str, Column] = {}
    references: list[ReferenceTo] = []
    for model_field in kind._meta.concrete_fields:
        if model_field.name in own:
            continue
        if isinstance(model_field, Reference):
            references.append(_reference(model_field))
            columns |= {column.name: column for column in _naming_columns(model_field, kind)}
        elif isinstance(model_field, AnyReference):
            references.append(_any_reference(model_field))
        else:
            columns[model_field.name] = _column(model_field, kind)
    if kind.HAS_MATCH_ACTION:
        columns["on_match_action"] = Column(
            "on_match_action", "onMatchAction", "integer", _word(kind.__name__), choices_range=(0, 2), default=0
        )
    if kind.HAS_NETWORK_ID:
        columns["network_id"] = Column("network_id", "networkId", "uuid", _word(kind.__name__))
    return Entity(kind.__name__, kind, columns, tuple(references))


def _column(model_field: "models.Field[object, object]", kind: type[Record]) -> Column:
    default = model_field.default if model_field.has_default() else None
    amount = model_field if isinstance(model_field, AmountField) else None
    type_ = _type(model_field)
    return Column(
        name=model_field.name,
        wire=wire_name(model_field.name),
        type=type_,
        of=_word(kind.__name__),
        required=not model_field.null and default is None,
        max_length=model_field.max_length if isinstance(model_field, models.CharField) else None,
        choices_range=(-(2**15), 2**15 - 1) if isinstance(model_field, models.SmallIntegerField) else None,
        default=default,
        assumed=amount.assumed if amount else None,
        field=model_field.attname,
        known_texts=kind.KNOWN_TEXTS.get(model_field.name, ()),
        adds_up=amount is not None and amount.adds_up,
        currency=amount.currency if amount else "",
        is_key=type_ == "text" and _is_key(kind, model_field.name),
        is_currency=type_ == "text" and model_field.name.endswith("currency_code"),
    )


def _is_key(kind: type[Record], name: str) -> bool:
    """Whether records are told apart, or are referred to, by the column."""
    return name in kind.KEY or name.endswith("erp_key") or (kind.__name__, name) in _looked_up_in()


@cache
def _looked_up_in() -> frozenset[tuple[str, str]]:
    """(kind, column) in which references are looked up."""
    kinds: list[type[Record]] = [getattr(records, name) for name in records.__all__ if name != "Record"]
    references = (field for kind in kinds for field in kind._meta.concrete_fields if isinstance(field, Reference))
    return frozenset(
        (reference.related_model.__name__, column) for reference in references for column in reference.by.values()
    )


def _type(model_field: "models.Field[object, object]") -> str:
    for field_class, name in (
        (AmountField, "amount"),
        (models.CharField, "text"),
        (models.TextField, "text"),
        (models.DateTimeField, "stamp"),
        (models.DateField, "date"),
        (models.BooleanField, "boolean"),
        (models.FloatField, "double"),
        (models.IntegerField, "integer"),
        (models.UUIDField, "uuid"),
        (models.JSONField, "json"),
    ):
        if isinstance(model_field, field_class):
            return name
    raise TypeError(f"{model_field} has no loadable type.")


def _naming_columns(reference: Reference, kind: type[Record]) -> Iterator[Column]:
    """The columns that name the target; a column is required if it is the only one besides the platform id."""
    keys = [column for column, target_column in reference.by.items() if target_column != "id"]
    for column, target_column in reference.by.items():
        yield Column(
            name=column,
            wire=wire_name(column),
            type="uuid" if target_column == "id" else "text",
            of=_word(kind.__name__),
            required=not reference.null and keys == [column],
            is_key=target_column != "id",
        )


def _reference(reference: Reference) -> ReferenceTo:
    target = reference.related_model.__name__
    return ReferenceTo(
        field=reference.column,
        lookups=tuple(Lookup(column, target, found_in) for column, found_in in reference.by.items()),
        required=not reference.null,
    )


def _any_reference(reference: AnyReference) -> ReferenceTo:
    return ReferenceTo(
        field=reference.attname,
        lookups=tuple(
            Lookup(reference.key, target, "erp_key", when=(reference.kind, target)) for target in reference.to
        ),
        required=True,
    )
