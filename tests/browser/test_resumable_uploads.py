"""A large file is sent in parts by the upload page: with progress, paused, and continued in a new window."""

import re

import pytest
from playwright.sync_api import expect

from syncs.inbox import views
from syncs.models import ResumableUpload, SyncRequest

PART_BYTES = 1_000


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of four parts."""
    monkeypatch.setattr(views.UploadFile, "extra_context", {"part_bytes": PART_BYTES})
    path = tmp_path / "companies.csv"
    path.write_text("erpKey,companyName\n" + "".join(f"C{number},Company {number}\n" for number in range(230)))
    return path


@pytest.fixture
def parts():
    """Where the parts that a page sends begin."""
    return []


def watch(page, parts):
    page.on("request", lambda asked: asked.method == "PATCH" and parts.append(int(asked.headers["upload-offset"])))


def stored():
    with SyncRequest.objects.get().upload.content.open() as content:
        return content.read()


def test_a_large_file_is_sent_in_parts_and_loaded(open_browser, file, parts):
    page = open_browser()
    page.goto("/upload/")
    watch(page, parts)
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload and load").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert parts == list(range(0, file.stat().st_size, PART_BYTES))
    assert stored() == file.read_bytes()
    assert not ResumableUpload.objects.exists()
    assert not SyncRequest.objects.get().dry_run


def test_a_preview_of_a_large_file_is_a_preview(open_browser, file):
    page = open_browser()
    page.goto("/upload/")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Preview first").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert SyncRequest.objects.get().dry_run


def test_a_small_file_is_sent_by_the_form(open_browser, file, parts):
    file.write_text("erpKey,companyName\nC1,Acme\n")
    page = open_browser()
    page.goto("/upload/")
    watch(page, parts)
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload and load").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert (parts, stored()) == ([], file.read_bytes())


def test_an_upload_is_paused_and_goes_on_in_a_new_window(open_browser, file, parts):
    page = open_browser()
    page.goto("/upload/")
    held = []

    def hold_the_third(route):
        if route.request.headers.get("upload-offset") == str(2 * PART_BYTES):
            held.append(route)
        else:
            route.continue_()

    page.route("**/upload/parts/*/", hold_the_third)
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload and load").click()
    sending = page.locator(".sending")
    expect(sending.get_by_role("status")).to_contain_text("2.0 KB of 3")
    page.get_by_role("button", name="Pause").click()
    expect(sending.get_by_role("status")).to_contain_text("sent. Paused; you may also close this page")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.unroute("**/upload/parts/*/")

    page.goto("/upload/")
    watch(page, parts)
    page.set_input_files("input[type=file]", file)
    expect(sending.get_by_role("status")).to_contain_text("have arrived before. Upload the file to go on from there.")
    page.get_by_role("button", name="Upload and load").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert parts == list(range(2 * PART_BYTES, file.stat().st_size, PART_BYTES))
    assert stored() == file.read_bytes()


def test_what_was_paused_goes_on_in_the_same_window(open_browser, file):
    page = open_browser()
    page.goto("/upload/")
    held = []
    page.route(
        "**/upload/parts/*/",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload and load").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    # Without this, `unroute` may let a request go on whose abort the browser has not yet seen.
    for route in held:
        route.abort()
    page.unroute("**/upload/parts/*/")
    page.get_by_role("button", name="Resume").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert stored() == file.read_bytes()
