"""Writes an import profile as the JSON document from which it can be read again."""

from syncs.import_profiles.profile import (
    FORMAT,
    ColumnSource,
    ConstantSource,
    DebitCreditSource,
    DocumentValue,
    FirstSource,
    ImportProfile,
    JoinSource,
    RecordRule,
    Skip,
    SkipLines,
    SkipTotals,
    Source,
    Style,
    SumSource,
    When,
)


def to_json(profile: ImportProfile) -> dict[str, DocumentValue]:
    """The document of a profile; `parse` of it is the same profile."""
    read, match = profile.read, profile.match
    document: dict[str, DocumentValue] = {
        "format": FORMAT,
        "name": profile.name,
        "match": _stated({"columns": [*match.columns], "fingerprint": match.fingerprint, "file": match.file or None}),
        "read": _stated(
            {
                "encoding": read.encoding or None,
                "delimiter": read.delimiter or None,
                "sheet": read.sheet or None,
                "header": read.header[0] if len(read.header) == 1 else [*read.header],
                "skip": [_skip_json(skip) for skip in read.skip] or None,
                "carry": [
                    {"column": carry.column, "whereEmpty": [*carry.where_empty], "as": carry.as_name}
                    for carry in read.carry
                ]
                or None,
            }
        ),
        "styles": _style_json(profile.styles),
        "columns": {name: _style_json(style) for name, style in profile.columns.items()} or None,
        "records": [_record_json(rule) for rule in profile.records],
        "answers": [dict(answer) for answer in profile.answers] or None,
        "confirmed": dict(profile.confirmed) if profile.confirmed else None,
    }
    return _stated(document)


def _stated(members: dict[str, DocumentValue]) -> dict[str, DocumentValue]:
    return {name: value for name, value in members.items() if value is not None}


def _skip_json(skip: Skip) -> dict[str, DocumentValue]:
    if isinstance(skip, SkipLines):
        return {"line": [*skip.lines]}
    if isinstance(skip, SkipTotals):
        return {"totals": skip.column}
    return {"empty": [*skip.columns]}


def _style_json(style: Style) -> dict[str, DocumentValue]:
    def texts(found: tuple[str, ...] | None) -> list[DocumentValue] | None:
        return None if found is None else [*found]

    return _stated(
        {
            "decimal": style.decimal,
            "thousands": texts(style.thousands),
            "dates": style.dates,
            "true": texts(style.true),
            "false": texts(style.false),
            "empty": texts(style.empty),
            "wholeMark": texts(style.whole_mark),
            "currencyInCell": style.currency_in_cell,
            "century": style.century,
        }
    )


def _record_json(rule: RecordRule) -> dict[str, DocumentValue]:
    return _stated(
        {
            "kind": rule.kind,
            "when": None if rule.when is None else _when_json(rule.when),
            "group": [*rule.group] or None,
            "lineOf": [*rule.line_of] or None,
            "fields": {name: _source_json(source) for name, source in rule.fields.items()},
        }
    )


def _when_json(when: When) -> dict[str, DocumentValue]:
    return _stated(
        {
            "column": when.column,
            "in": None if when.any_of is None else [*when.any_of],
            "from": when.from_number,
            "to": when.to_number,
            "filled": when.filled,
            "sign": when.sign or None,
        }
    )


def _source_json(source: Source) -> DocumentValue:
    match source:
        case ConstantSource(constant):
            return {"constant": constant}
        case JoinSource(join, between):
            return {"join": [*join], "with": between} if between else {"join": [*join]}
        case FirstSource(first):
            return {"first": [_source_json(one) for one in first]}
        case SumSource(columns):
            return {"sum": [*columns]}
        case DebitCreditSource(debit, credit):
            return {"debit": debit, "credit": credit}
        case ColumnSource():
            return _column_source_json(source)


def _column_source_json(source: ColumnSource) -> DocumentValue:
    document = _stated(
        {
            "column": source.column,
            "values": None if source.values is None else dict(source.values),
            "by": source.by or None,
            "negate": source.negate or None,
            "absolute": source.absolute or None,
            "inverted": source.inverted or None,
            "percent": source.percent or None,
            "currency": source.currency or None,
            "sign": _sign(source) if source.sign_column else None,
        }
    )
    return source.column if len(document) == 1 else document


def _sign(source: ColumnSource) -> dict[str, DocumentValue]:
    sign: dict[str, DocumentValue] = {"column": source.sign_column, "negative": [*source.negative]}
    return sign if source.positive is None else {**sign, "positive": [*source.positive]}
