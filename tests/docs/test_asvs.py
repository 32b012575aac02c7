"""docs/asvs.md has all requirements of ASVS 5.0.0, levels 1 and 2, each with a test or the reason for none."""

import re

from tests.docs.documents import ROOT

# The number of requirements of levels 1 and 2 in each chapter of the standard.
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
REASONS = {"Not applicable", "Operator", "Open"}
ROW = re.compile(r"^\| ([\d., ]+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def rows():
    """Each requirement, with how it is met and what stands for its test."""
    for ids, _, how, test in ROW.findall((ROOT / "docs" / "asvs.md").read_text()):
        for id in ids.split(", "):
            yield id, how, test


def test_every_requirement_is_listed_once():
    ids = [id for id, _, _ in rows()]
    assert len(ids) == len(set(ids))
    assert {chapter: sum(id.startswith(f"{chapter}.") for id in ids) for chapter in CHAPTERS} == CHAPTERS


def test_every_requirement_has_an_existing_test_or_a_reason():
    for id, how, test in rows():
        if test in REASONS:
            assert how.endswith("."), id
            continue
        path, _, name = test.strip("`").partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{id}: {test}"
