"""Lines that would delete a record are counted before an upload is loaded."""

import pytest

from syncs.import_profiles.proposal import complete
from tests.import_profiles.inspecting import books, inspect_one, zip_of

OWN_NAMES = "erpKey,companyName,companyType,isActive,onMatchAction\n"
OTHER_NAMES = "Customer Name,Customer No.,Customer Type,City,E-Mail,Phone,onMatchAction\n"
REST = " that a record is deleted (onMatchAction 2). This upload must be allowed to delete them."


def told_of_deletes(one):
    return [said for said in one.file.told if "onMatchAction" in said and "deleted" in said]


@pytest.mark.parametrize(
    ("actions", "count", "told"),
    [
        (["0", "", "1"], 0, []),
        (["2", "0"], 1, ["1 line says" + REST]),
        ([" 2", "2", "2"], 3, ["3 lines say" + REST]),
    ],
)
def test_lines_with_our_own_names_that_delete_are_counted(actions, count, told):
    rows = "".join(f"C{at},Acme,Customer,true,{action}\n" for at, action in enumerate(actions))
    one = inspect_one(OWN_NAMES + rows, "companies.csv")
    assert one.file.reading == "strict"
    assert one.file.preview.to_json()["deletes"] == count
    assert told_of_deletes(one) == told


def test_lines_that_delete_by_a_profile_are_counted():
    text = OTHER_NAMES + "Acme,C1,Customer,Rome,a@b.example,1,2\nBeta,C2,Customer,Oslo,c@d.example,2,0\n"
    one = inspect_one(text, "kunden.csv", books=books())
    assert one.file.preview.deletes == 1
    assert len(told_of_deletes(one)) == 1
    later = inspect_one(text, "mai.csv", profiles=[complete(one.proposal, {})])
    assert later.file.reading == "profile"
    assert later.file.preview.deletes == 1
    assert len(told_of_deletes(later)) == 1


@pytest.mark.parametrize(
    ("lines", "count", "told"),
    [
        (['{"erpKey": "C1", "onMatchAction": 0}', '{"erpKey": "onMatchAction"}'], 0, []),
        (['{"erpKey": "C1", "onMatchAction": 2}', '{"erpKey": "C2"}'], 1, ["1 line says" + REST]),
        (['{"onmatchaction": " 2", "erpKey": "C1"}', "", '{"OnMatchAction":"2"}', "[2]"], 2, ["2 lines say" + REST]),
        # What is no JSON object deletes nothing; the load says what is wrong with it.
        (['{"onMatchAction": 2', '["onMatchAction", 2]', '{"onMatchAction": {"2": 2}}', "[" * 9_000], 0, []),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_json_lines_that_delete_are_counted(lines, count, told, is_packed):
    text = "\n".join(lines) + "\n"
    one = inspect_one(zip_of(companies__jsonl=text), "books.zip") if is_packed else inspect_one(text, "companies.jsonl")
    assert (one.file.reading, one.file.kinds, one.file.is_whole) == ("strict", ("Company",), True)
    assert one.file.preview.deletes == count
    assert one.file.preview.lines == len([line for line in lines if line])
    assert one.file.preview.first_lines[0] == (1, lines[0][:200])
    assert told_of_deletes(one) == told
