"""What a person answers to the questions on a file, and what of it is in the profile."""

import pytest

from syncs.import_profiles.proposal import complete
from syncs.import_profiles.questions import AnswerError
from tests.import_profiles.exports import GERMAN, MIXED
from tests.import_profiles.inspecting import asked, books, inspect_one


def test_an_answer_that_is_none_of_the_choices_is_refused():
    one = inspect_one(MIXED, books=books())
    with pytest.raises(AnswerError, match=r"“YYYY” is no answer to “How are the dates in “Date” written\?”"):
        complete(one.proposal, {"dates:Date": "YYYY"})


def test_a_word_without_a_meaning_is_refused():
    one = inspect_one(GERMAN, books=books())
    with pytest.raises(AnswerError, match="Say what “bezahlt” means in “Status”"):
        complete(one.proposal, {"values:Status": {"offen": "Open"}})


def test_a_person_may_say_what_a_column_holds():
    answers = {"column:Kundenname": "specialTerms", "column:Nettobetrag": "", "constant:companyErpKey": "ME"}
    one = inspect_one(GERMAN, books=books())
    invoice = complete(one.proposal, answers).records[0]
    assert invoice.fields["specialTerms"].column == "Kundenname"
    assert "netAmount" not in invoice.fields
    assert invoice.fields["companyErpKey"].constant == "ME"


def test_the_profile_keeps_what_was_asked_and_who_confirmed_it():
    one = inspect_one(GERMAN, "mai.csv", books=books())
    profile = complete(one.proposal, {}, name="Rechnungsliste", confirmed_by="ines@example.org")
    assert profile.name == "Rechnungsliste"
    assert {answer["what"] for answer in profile.answers} == set(asked(one))
    assert profile.confirmed["by"] == "ines@example.org"
    assert profile.confirmed["sample"] == "mai.csv"
