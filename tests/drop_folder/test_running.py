"""The running product: enrolled by forms, read by a confined process, killed between the commit and the move."""

import re

import pytest

from tests.drop_folder.test_conformance import companies
from tests.product import Up, eventually
from tests.sql_source.test_running import Browser

pytestmark = pytest.mark.django_db
ALLOWED = {"CONNECTOR_ALLOWED_ADDRESSES": "127.0.0.1"}
FIRST, SECOND = companies(C1="Acme"), companies(C2="Carl")


def sync(browser, page):
    answer = browser.send(page, f"{page}sync-now/", scope="delta")
    asked = answer.url.rstrip("/").rpartition("/")[2]
    assert eventually(lambda: browser.api(f"Sync/{asked}")["statusCode"] in ("Success", "Failed"), seconds=90)
    return browser.api(f"Sync/{asked}")


def moved(source):
    """The names in the folder once nothing is left to move."""
    assert eventually(lambda: all(name.startswith("processed/") for name in source.names()), seconds=90)
    return source.names()


def enrol(browser, folder, name):
    form = {f"setting_{key}": value for key, value in folder.settings.items()}
    form |= {"setting_afterwards": "move", "setting_processed": "processed", "setting_failed": "failed", "name": name}
    # A browser takes the line breaks out of what is pasted into a field of one line.
    form |= {f"credential_{key}": value.replace("\n", "") for key, value in folder.credentials.items()}
    app = re.search(rf'href="(/enroll/[\w-]+/)">Enrol<span class="unseen"> in {name}', browser.get("/enroll/").text)[1]
    answer = browser.send(app, **form)
    page = answer.url.removeprefix(browser.url)
    assert re.fullmatch(r"/enrollments/[\w-]+/", page), answer.text
    return page


def named(sftp_folder, s3_folder):
    return (sftp_folder, "SFTP Folder"), (s3_folder, "S3 Folder")


def test_confined_processes_read_and_move(sftp_folder, s3_folder, tmp_path_factory):
    product = Up(tmp_path_factory.mktemp("up") / "var", **ALLOWED)
    try:
        browser = Browser(product.wait())
        for folder, name in named(sftp_folder, s3_folder):
            folder.put("companies.csv", FIRST)
            assert sync(browser, enrol(browser, folder, name))["statusCode"] == "Success"
            assert moved(folder) == ["processed/companies.csv"]
    finally:
        product.end()


@pytest.mark.long
def test_a_process_killed_after_the_commit_has_loaded_once_and_the_files_are_moved_later(
    sftp_folder, s3_folder, tmp_path_factory
):
    folder, pages = tmp_path_factory.mktemp("up"), {}
    product = Up(folder / "var", CRASH_POINTS="after the commit=1", CRASH_LOG=str(folder / "crashes"), **ALLOWED)
    try:
        browser = Browser(product.wait())
        for source, name in named(sftp_folder, s3_folder):
            source.put("companies.csv", FIRST)
            pages[name] = enrol(browser, source, name)
            assert sync(browser, pages[name])["statusCode"] == "Success"
            assert source.names() == ["companies.csv"]
    finally:
        product.end()
    assert (folder / "crashes").read_text() == "after the commit\n" * 2
    product = Up(folder / "var", **ALLOWED)
    try:
        browser = Browser(product.wait())
        for source, name in named(sftp_folder, s3_folder):
            source.put("companies_2.csv", SECOND)
            told = sync(browser, pages[name])
            assert told["processResultMessage"].startswith("1 company loaded: 1 added."), told
            assert moved(source) == ["processed/companies.csv", "processed/companies_2.csv"]
    finally:
        product.end()
