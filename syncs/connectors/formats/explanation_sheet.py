"""The sheet of a template that explains its columns: the one sheet of which it is known that it holds no records."""

from collections.abc import Sequence

NAME = "Columns"
HEADER = ("Column", "Type", "Length", "Required", "Meaning")


def is_explanation(name: str, first_row: Sequence[str]) -> bool:
    """Whether a sheet is the explanation that the platform's own templates have, by its name and its whole header."""
    return name == NAME and tuple(first_row) == HEADER
