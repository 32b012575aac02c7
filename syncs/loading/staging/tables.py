"""The temporary tables of a stage."""

from dataclasses import dataclass, field

from psycopg import sql

from adsplatform.records.specification import Entity
from syncs.loading.staging.duplicate_keys import KeyHashes


@dataclass
class StageTable:
    """One kind of record in the stage: its temporary table, and what is known of its lines."""

    entity: Entity
    lines_read: int = 0
    rejected: int = 0
    # Columns that some line has, and those that every line has.
    ever: set[str] = field(default_factory=set)
    always: set[str] | None = None
    # Lines that are in the books already, and therefore not in the stage.
    unchanged_count: int = 0
    # Rows whose records were inserted as they were read, and which therefore are not in the stage either.
    inserted_count: int = 0
    # The sets of columns that lines have, as bits, and the number by which a line names its own.
    forms: dict[str, int] = field(default_factory=dict)
    # The keys of the lines that are not known; None where nothing can be told by them.
    keys: KeyHashes | None = field(default_factory=KeyHashes)

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(f"stage_{self.entity.model._meta.model_name}")

    @property
    def plan(self) -> sql.Identifier:
        return sql.Identifier(f"plan_{self.entity.model._meta.model_name}")

    @property
    def staged_lines(self) -> int:
        return self.lines_read - self.rejected

    def forms_with(self, columns) -> list[int]:
        """The forms of lines that have any of the columns."""
        at = [place for place, name in enumerate(self.entity.columns) if name in columns]
        return [number for marks, number in self.forms.items() if any(marks[place] == "1" for place in at)]

    def may_repeat(self) -> bool:
        """Whether two lines that are not known may have the same key."""
        return self.keys is None or self.keys.may_repeat()

    def has(self, *columns: str) -> bool:
        return bool(self.ever.intersection(columns))
