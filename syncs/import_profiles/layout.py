"""The layout of a profile: what the readers of files need of it."""

from collections.abc import Mapping

from adsplatform.records.specification import entities
from syncs.connectors.protocol import FileLayout
from syncs.import_profiles.header_names import key_of
from syncs.import_profiles.profile import ImportProfile


def layout_of(profile: ImportProfile, identifier: str) -> FileLayout:
    """The layout of the files that a profile reads; `identifier` leads from it to the profile."""
    exact = _exact_columns(profile)
    return FileLayout(
        profile=identifier,
        title=profile.name,
        columns=profile.match.columns,
        used=profile.used_columns,
        key_of=key_of,
        header=profile.read.header,
        encoding=profile.read.encoding,
        delimiter=profile.read.delimiter,
        sheet=profile.read.sheet,
        file=profile.match.file,
        has_other_lines=bool(profile.read.skip or profile.read.carry),
        exact=exact,
        decimal_commas=tuple(name for name in exact if profile.style_of(name).decimal == ","),
    )


def _exact_columns(profile: ImportProfile) -> tuple[str, ...]:
    """The columns that some field takes as a number, a date, or true and false."""
    names = []
    for rule in profile.records:
        types = {column.wire: column.type for column in entities()[rule.kind].columns.values()}
        for field, source in rule.fields.items():
            if types[field] not in ("text", "uuid", "json"):
                names += [name for name in source.columns() if not name.startswith("#")]
        if rule.when and rule.when.sign:
            names.append(rule.when.column)
    return tuple(dict.fromkeys(names))


def layouts_of(profiles: Mapping[str, ImportProfile]) -> tuple[FileLayout, ...]:
    """The layouts of several profiles."""
    return tuple(layout_of(profile, identifier) for identifier, profile in profiles.items())
