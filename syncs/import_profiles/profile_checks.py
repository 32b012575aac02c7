"""What a profile must fulfil beyond its form: kinds, fields and columns exist, and each record has what it needs."""

from collections import Counter
from collections.abc import Callable, Iterator

from adsplatform.records.checks import quoted
from adsplatform.records.specification import Column, Entity, entities
from syncs.import_profiles.header_names import fingerprint, key_of
from syncs.import_profiles.profile import (
    FIRST_COLUMN,
    LINE,
    POSITION,
    ColumnSource,
    ConstantSource,
    DebitCreditSource,
    FirstSource,
    ImportProfile,
    ProfileError,
    RecordRule,
    SkipEmpty,
    SkipTotals,
    Source,
    SumSource,
)

NUMBER_TYPES = ("amount", "double", "integer")


def check_profile(profile: ImportProfile) -> None:
    """Raise ProfileError where a profile of the right form does not fit the records or itself."""
    _check_match(profile)
    known = {key_of(name) for name in profile.match.columns}
    carried = {carry.as_name for carry in profile.read.carry}
    for at, carry in enumerate(profile.read.carry):
        if carry.as_name in (POSITION, LINE, FIRST_COLUMN):
            raise ProfileError(
                f"read.carry[{at}].as: {quoted(carry.as_name)} has a meaning already. Use another name, like “#group”.",
                place=f"read.carry[{at}].as",
            )
    for place, names in _names_by_place(profile):
        for name in names:
            _check_name(place, name, known, carried)
    for at, rule in enumerate(profile.records):
        _check_record(f"records[{at}]", rule)


def _check_match(profile: ImportProfile) -> None:
    match = profile.match
    keys = Counter(key_of(name) for name in match.columns if name.strip())
    used = {key_of(name) for name in profile.used_columns}
    for key, count in keys.items():
        if count > 1 and key in used:
            names = " and ".join(quoted(name) for name in match.columns if key_of(name) == key)
            raise ProfileError(
                f"match.columns: {names} cannot be told apart, and the profile uses one of them. "
                "Give them different names in the file.",
                place="match.columns",
            )
    if match.fingerprint != (own := fingerprint(match.columns)):
        raise ProfileError(
            f"match.fingerprint: the fingerprint of these columns is “{own}”, not “{match.fingerprint}”.",
            place="match.fingerprint",
        )
    marks = [("styles", profile.styles), *((f"columns.{name}", profile.style_of(name)) for name in profile.columns)]
    for place, style in marks:
        if style.decimal in (style.thousands or ()):
            raise ProfileError(
                f"{place}.thousands: “{style.decimal}” is the decimal mark already; it cannot separate thousands too.",
                place=f"{place}.thousands",
            )


def _names_by_place(profile: ImportProfile) -> Iterator[tuple[str, list[str]]]:
    """The names of columns that the profile refers to, and where it does."""
    yield "columns", [*profile.columns]
    for at, skip in enumerate(profile.read.skip):
        if isinstance(skip, SkipTotals):
            yield f"read.skip[{at}].totals", [skip.column]
        elif isinstance(skip, SkipEmpty):
            yield f"read.skip[{at}].empty", [*skip.columns]
    for at, carry in enumerate(profile.read.carry):
        yield f"read.carry[{at}]", [carry.column, *carry.where_empty]
    for at, rule in enumerate(profile.records):
        place = f"records[{at}]"
        if rule.when:
            yield f"{place}.when.column", [rule.when.column]
        yield f"{place}.group", [*rule.group]
        yield f"{place}.lineOf", [*rule.line_of]
        for field, source in rule.fields.items():
            yield f"{place}.fields.{field}", [*source.columns()]


def _check_name(place: str, name: str, known: set[str], carried: set[str]) -> None:
    if name in (POSITION, LINE, FIRST_COLUMN) or name in carried:
        return
    if not name.startswith("#") and key_of(name) in known:
        return
    raise ProfileError(f"{place}: match.columns has no column {quoted(name)}.", place=place)


def _check_record(place: str, rule: RecordRule) -> None:
    entity = entities().get(rule.kind)
    if entity is None:
        raise ProfileError(
            f"{place}.kind: {quoted(rule.kind)} is no kind of record. Known are: {', '.join(entities())}.",
            place=f"{place}.kind",
        )
    if rule.group and rule.line_of:
        raise ProfileError(f"{place}: a record has “group” or “lineOf”, not both.", place=place)
    by_wire = {column.wire: column for column in entity.columns.values()}
    for field, source in rule.fields.items():
        if field not in by_wire:
            raise ProfileError(
                f"{place}.fields: {_article(entity.singular)} {entity.singular} has no field {quoted(field)}.",
                place=f"{place}.fields",
            )
        _check_source(f"{place}.fields.{field}", source, by_wire[field], entity, rule)
    for column in entity.columns.values():
        if column.required and column.assumed is None and column.wire not in rule.fields:
            raise ProfileError(
                f"{place}.fields: “{column.wire}” is missing, but every {entity.singular} needs it. "
                "Give a column for it, or a constant.",
                place=f"{place}.fields",
            )


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _check_source(place: str, source: Source, column: Column, entity: Entity, rule: RecordRule) -> None:
    is_number = column.type in NUMBER_TYPES

    def fault(message: str) -> ProfileError:
        return ProfileError(f"{place}: {message}", place=place)

    if POSITION in source.columns() and not rule.line_of:
        raise fault("“#n” counts the lines of a “lineOf”, which this record does not have.")
    match source:
        case SumSource() | DebitCreditSource() if not is_number:
            raise fault("only numbers can be added up.")
        case FirstSource(first):
            for one in first:
                _check_source(place, one, column, entity, rule)
        case ConstantSource(constant) if isinstance(constant, bool) and column.type != "boolean":
            raise fault("true and false fit only a field that is true or false.")
        case ColumnSource():
            _check_column_source(fault, source, column, entity)


def _check_column_source(
    fault: Callable[[str], ProfileError], source: ColumnSource, column: Column, entity: Entity
) -> None:
    is_number = column.type in NUMBER_TYPES
    if (source.negate or source.absolute or source.sign_column) and not is_number:
        raise fault("only the sign of a number can be changed.")
    if source.percent and not is_number:
        raise fault("only a number can be percent.")
    if source.currency and column.type != "text":
        raise fault("a currency fits only a field of texts.")
    if source.inverted and column.type != "boolean":
        raise fault("only a field that is true or false can be inverted.")
    if source.by:
        _check_by(fault, source, column, entity)


def _check_by(fault: Callable[[str], ProfileError], source: ColumnSource, column: Column, entity: Entity) -> None:
    targets = {
        lookup.target
        for reference in entity.references
        for lookup in reference.lookups
        if lookup.column == column.name and lookup.target_column == "erp_key" and lookup.when is None
    }
    if targets != {"Company"}:
        raise fault("“by” finds companies, so it fits only a field that refers to a company by its key.")
