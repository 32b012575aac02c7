"""The vocabulary that readers of files are given: the specification's names of kinds and columns."""

from collections.abc import Sequence

from adsplatform.records.specification import entities, entity_named
from syncs.loading.staging.header_mapping import column_named, missing_key


class RecordNames:
    """The names of everything that can be loaded; compared as the mapping of headers compares them."""

    def kind_named(self, name: str) -> str:
        entity = entity_named(name)
        return entity.name if entity else ""

    def known_columns(self, kind: str, names: Sequence[str]) -> Sequence[str]:
        entity = entities().get(kind)
        columns = [column_named(entity, name) if entity else None for name in names]
        return [column.type if column else "" for column in columns]

    def has_key(self, kind: str, names: Sequence[str]) -> bool:
        entity = entities().get(kind)
        columns = [column_named(entity, name) for name in names] if entity else []
        return entity is not None and not missing_key(entity, [column.name for column in columns if column])

    def kinds(self) -> Sequence[str]:
        return list(entities())
