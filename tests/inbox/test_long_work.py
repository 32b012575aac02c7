"""Downloads and inspections of an account that run at once are few, so that everybody else is served meanwhile."""

from contextlib import ExitStack

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections

from adsplatform.rest.long_work import LongWork
from tests.api.test_inspect import inspect
from tests.books import Books
from tests.callers import Program, anonymous

COMPANY = "erpKey,companyName\nC1,Acme\n"
EXPORT = "/records/companies/export/"
SENTENCE = (
    "2 downloads or inspections of files of this account are running, the most that may run at once. "
    "Try again when one of them has finished."
)


@pytest.fixture
def books(account):
    return Books(account)


@pytest.fixture
def stranger(db):
    """A signed-in person of another account."""
    other = Program()
    other.client.force_login(other.user)
    return other


@pytest.fixture
def busy(account):
    """As much as the account may have at once."""
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(LongWork(account.pk))
        yield running


@pytest.fixture
def download(inbox, books):
    """Begin a download, which is not read before the end of the test."""
    answers = []

    def download(client=inbox, path=EXPORT):
        answers.append(client.get(path))
        return answers[-1]

    yield download
    for answer in answers:
        break_off(answer)


def break_off(answer):
    """What the web server does after the last byte, or once the reader is gone."""
    request_finished.disconnect(close_old_connections)
    try:
        answer.close()
    finally:
        request_finished.connect(close_old_connections)


def test_no_more_than_two_exports_of_an_account_are_sent_at_once(inbox, download, stranger):
    answers = [download() for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 2 + [429] * 10
    assert (answers[2]["Retry-After"], SENTENCE in answers[2].text) == ("10", True)
    assert download(stranger.client).status_code == 200
    assert anonymous().get("/sign-in/").status_code == 200
    assert inbox.get("/records/companies/").status_code == 200
    # The end of one makes room for another.
    assert b"S\xc3\xb6hne" in answers[0].getvalue()
    assert [download().status_code for _ in range(2)] == [200, 429]


def test_a_download_that_breaks_off_ends(download):
    answers = [download() for _ in range(2)]
    break_off(answers[0])
    assert [download().status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("path", ["/changes/export/", "/reports/aging/?format=csv"])
def test_other_downloads_count_too(busy, download, path):
    assert download(path=path).status_code == 429
    busy.close()
    answer = download(path=path)
    assert (answer.status_code, answer.streaming) == (200, True)


def test_the_search_for_a_line_in_a_file_counts_too(busy, inbox, books):
    page = f"/records/invoices/{books.invoice.pk}/line/"
    assert inbox.get(page).status_code == 429
    busy.close()
    assert inbox.get(page).status_code == 200


def test_a_report_is_shown_meanwhile(inbox, books, busy):
    assert inbox.get("/reports/aging/").status_code == 200


def test_a_refused_download_ends(inbox, books):
    assert [inbox.get(EXPORT, {"format": "pdf"}).status_code for _ in range(4)] == [302] * 4


def test_the_page_of_an_unknown_file_inspects_it(inspected, inbox, upload_file, busy):
    page = upload_file()
    assert (inbox.get(page).status_code, inbox.post(page).status_code) == (429, 429)
    busy.close()
    assert inbox.get(page).status_code == 200


def test_the_api_answers_with_a_problem_document(account, busy):
    program = Program(account=account)

    answer = inspect(program, COMPANY, "companies.csv")
    assert (answer.status_code, answer["Retry-After"], answer.json()["detail"]) == (429, "10", SENTENCE)
    busy.close()
    assert inspect(program, COMPANY, "companies.csv").status_code == 200
