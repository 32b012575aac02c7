"""Which words of a column mean yes and which mean no."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from syncs.import_profiles.findings import Example, Finding, different_cells, example_of
from syncs.import_profiles.header_names import roles
from syncs.import_profiles.inspected import Verdict

# Words that belong together, yes before no.
PAIRS = (
    ("true", "false"), ("wahr", "falsch"), ("vrai", "faux"), ("verdadero", "falso"), ("waar", "onwaar"),
    ("sant", "falskt"), ("1", "0"), ("yes", "no"), ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("si", "no"),
    ("ja", "nee"), ("ja", "nej"), ("y", "n"), ("j", "n"), ("o", "n"), ("s", "n"), ("t", "f"), ("on", "off"),
    ("✓", "✗"), ("✔", "✘"),
)  # fmt: skip
# A mark that stands for yes, beside empty cells.
MARKS = ("x", "✓", "✔", "*")
# States of a customer or an account, of which one means that it is in use.
ACTIVE = ("aktiv", "active", "actif", "activo", "actief")
INACTIVE = (
    "inaktiv", "inactive", "inactif", "inactivo", "inactief", "gesperrt", "blocked", "archived", "bloqué", "bloqueado",
    "geblokkeerd", "spärrad",
)  # fmt: skip
MOST_WORDS = 2


@dataclass(frozen=True, slots=True)
class BooleanFinding:
    """The words for yes and no, as the file spells them, and the verdict on them."""

    finding: Finding
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()


def judge_booleans(cells: Sequence[str], lines: Sequence[int]) -> BooleanFinding:
    """Which of the column's words mean yes and no."""
    seen = different_cells(cells, lines).with_columns(word=pl.col("cell").str.to_lowercase())
    total = int(seen["count"].sum())
    if not total:
        return BooleanFinding(Finding(Verdict.SURE, reason="The column is empty."))
    words = list(dict.fromkeys(seen["word"].to_list()))
    spelled = dict(zip(seen["word"].to_list(), seen["cell"].to_list(), strict=True))
    example = example_of(seen)
    has_gaps = any(not (cell or "").strip() for cell in cells)

    def answer(verdict: Verdict, reason: str, true: Sequence[str], false: Sequence[str]) -> BooleanFinding:
        finding = Finding(verdict, cells=total, proofs=total, example=example, reason=reason)
        return BooleanFinding(finding, tuple(spelled[word] for word in true), tuple(spelled[word] for word in false))

    yes = [word for word in words if word in roles_words("true") or word in ACTIVE]
    no = [word for word in words if word in roles_words("false") or word in INACTIVE]
    unknown = [word for word in words if word not in yes and word not in no]
    if len(words) > MOST_WORDS or unknown:
        return BooleanFinding(
            Finding(
                Verdict.OPEN,
                cells=total,
                example=example,
                others=total if len(words) > 12 else 0,
                reason=f"The column has {len(words):,} different words. Say for each whether it means yes or no.",
            )
        )
    if len(words) == MOST_WORDS:
        if any(set(words) == set(pair) for pair in PAIRS):
            return answer(Verdict.SURE, "", yes, no)
        if yes and no:
            named = f"“{spelled[yes[0]]}” means yes and “{spelled[no[0]]}” means no."
            return answer(Verdict.LIKELY, named, yes, no)
        return answer(Verdict.OPEN, f"“{spelled[words[0]]}” and “{spelled[words[1]]}” do not belong together.", (), ())
    return _one_word(words[0], spelled[words[0]], total, example_of(seen), has_gaps=has_gaps)


def _one_word(word: str, spelled: str, total: int, example: Example | None, *, has_gaps: bool) -> BooleanFinding:
    """A column in which one word stands alone."""

    def answer(verdict: Verdict, reason: str, *, true: bool) -> BooleanFinding:
        finding = Finding(verdict, cells=total, proofs=total, example=example, reason=reason)
        return BooleanFinding(finding, (spelled,) if true else (), () if true else (spelled,))

    if word in MARKS and has_gaps:
        return answer(Verdict.LIKELY, f"“{spelled}” means yes, and an empty cell no.", true=True)
    if word in ("true", "1"):
        return answer(Verdict.SURE, "", true=True)
    if word in ("false", "0"):
        return answer(Verdict.SURE, "", true=False)
    is_true = word in roles_words("true") or word in ACTIVE
    if word == "o":
        return answer(Verdict.LIKELY, f"Only “{spelled}” stands in the column: the letter O, or a zero?", true=False)
    meaning = "yes" if is_true else "no"
    return answer(Verdict.LIKELY, f"Only “{spelled}” stands in the column; it means {meaning}.", true=is_true)


def roles_words(which: str) -> tuple[str, ...]:
    """The known words for true or false, in lower case."""
    words = roles()[which]
    return tuple(words) if isinstance(words, list) else ()
