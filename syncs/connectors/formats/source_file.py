"""A file of a source, as the readers of file formats get it."""

from dataclasses import dataclass

from syncs.connectors.protocol import FileLayout, Limits, Source, Vocabulary


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its stem, which says what kind of records it holds, its name as people know it, and how it is read."""

    stem: str
    name: str
    limits: Limits
    vocabulary: Vocabulary
    layouts: tuple[FileLayout, ...] = ()

    @classmethod
    def of(cls, source: Source, stem: str, name: str, limits: Limits | None = None) -> "SourceFile":
        """A file that the source holds; `limits` are those of the source unless other ones are given."""
        return cls(stem, name, limits or source.limits, source.vocabulary, source.layouts)
