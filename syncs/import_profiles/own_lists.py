"""Lists of records that were downloaded as files and are sent again: their columns are known by their headings."""

from collections.abc import Iterable, Mapping
from functools import cache

from adsplatform.records.display import OF_EVERY_KIND, displayed_kinds
from adsplatform.records.specification import entities


def listed_kind(names: Iterable[str]) -> str:
    """The kind of record whose list has these headings, of which some may be left out; empty if there is none."""
    given = {name.strip() for name in names if name.strip()}
    if not given.issuperset(OF_EVERY_KIND):
        return ""
    fitting = [
        kind for kind in displayed_kinds().values() if kind.name in entities() and given <= set(kind.file_header)
    ]
    return min(fitting, key=lambda kind: len(kind.file_header)).name if fitting else ""


@cache
def listed_fields(kind: str) -> Mapping[str, str]:
    """By heading: the field that the column of such a list fills. A reference is read by its key."""
    entity, displayed = entities()[kind], displayed_kinds()[kind]
    found = {
        displayed.column_name(field): column.wire
        for column in entity.columns.values()
        if (field := displayed.by_name.get(column.name))
    }
    for reference in entity.references:
        field = displayed.by_name.get(reference.field.removesuffix("_id"))
        by_key = [lookup for lookup in reference.lookups if lookup.target_column == "erp_key" and lookup.when is None]
        if field and by_key:
            found[f"{field.label} key"] = entity.columns[by_key[0].column].wire
    return found
