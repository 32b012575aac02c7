"""The Inbox as people use it: by mouse, by keyboard, on a phone, and without scripts."""

import pytest
from playwright.sync_api import expect

from syncs.models import SyncRequest
from tests.browser.conftest import PASSWORD
from tests.factories import SyncEntityResultFactory, SyncResultDetailFactory


def finish_with_problems(sync):
    """What the runner would write for a file with three bad lines."""
    SyncEntityResultFactory(sync_request=sync, lines_read=4821, inserted=4818, rejected=3)
    for line in (12, 417, 902):
        SyncResultDetailFactory(sync_request=sync, line=line, erp_key=f"I{line}")
    sync.succeed("4,818 of 4,821 lines loaded, 3 lines rejected")


def test_signing_in_leads_to_the_enrollments(open_browser, enrollment):
    page = open_browser(signed_in=False)
    page.goto("/")
    page.get_by_label("E-mail address").fill("ana@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Enrollments")).to_be_visible()
    expect(page.get_by_role("heading", name="Demo Data Connector")).to_be_visible()
    page.locator(".person summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_sync_now_and_watch_it_to_its_end(page, enrollment):
    page.goto("/")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator(".step-now")).to_contain_text("Connector")
    sync = SyncRequest.objects.get()
    sync.start()
    expect(page.locator(".step-now")).to_contain_text("In Progress")
    SyncRequest.objects.update(lines_read=2000)
    expect(page.get_by_text("Loading: 2,000 lines read so far.").first).to_be_visible()
    finish_with_problems(sync)
    expect(page.get_by_role("heading", name="Finished with problems")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("4,818 of 4,821 lines loaded")
    expect(page).to_have_title("Finished with problems: Demo Data Connector · ADS Platform")
    expect(page.get_by_role("row").filter(has_text="I417")).to_contain_text("line 417")
    # Finished: it stops asking.
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == []


def test_an_update_keeps_the_keyboard_where_it_is(page, make_sync):
    sync = make_sync(running=True)
    page.goto(f"/syncs/{sync.pk}/")
    page.locator("#cancel").focus()
    SyncRequest.objects.update(lines_read=77)
    expect(page.get_by_text("77 lines read so far").first).to_be_visible()
    expect(page.locator("#cancel")).to_be_focused()


def test_a_file_is_dropped_and_uploaded(page):
    page.goto("/upload/")
    page.locator("h1").evaluate(
        """zone => {
            const held = new DataTransfer();
            held.items.add(new File(["erpKey,companyName\\nC1,Acme\\n"], "companies.csv"));
            const about = {dataTransfer: held, bubbles: true, cancelable: true};
            for (const kind of ["dragenter", "dragover", "drop"])
                zone.dispatchEvent(new DragEvent(kind, about));
        }"""
    )
    expect(page.get_by_text("companies.csv, 27 bytes")).to_be_visible()
    page.get_by_role("button", name="Upload and load").click()
    expect(page.get_by_role("heading", name="Sync of Uploads")).to_be_visible()
    upload = SyncRequest.objects.get().upload
    assert upload.content.read() == b"erpKey,companyName\nC1,Acme\n"


def test_problems_are_narrowed_and_a_line_unfolds(page, make_sync):
    sync = make_sync(running=True)
    finish_with_problems(sync)
    SyncResultDetailFactory(sync_request=sync, kind="skip", code="superseded", erp_key="I5", line=5)
    page.goto(f"/syncs/{sync.pk}/")
    page.get_by_role("link", name="3 problems of Invoice").click()
    expect(page.locator(".problems tbody tr")).to_have_count(3)
    page.get_by_label("Key or text").fill("i902")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".problems tbody tr")).to_have_count(1)
    page.get_by_text("The line as it was sent").click()
    expect(page.get_by_text("I1,twelve")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".problems tbody tr")).to_have_count(4)


def test_a_running_sync_is_cancelled_on_its_page(page, make_sync):
    sync = make_sync(running=True, lines_read=12480)
    page.goto(f"/syncs/{sync.pk}/")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("has read 12,480 lines so far")).to_be_visible()
    page.get_by_role("button", name="Yes, cancel the sync").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    assert SyncRequest.objects.get().status_code == "Cancelled"


def tab_to(page, text):
    """Press Tab until what has the focus reads so."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText || document.activeElement.id")
        if focused.strip().startswith(text):
            return
    pytest.fail(f"Tab never came to “{text}”.")


def test_the_inbox_can_be_used_by_keyboard_alone(open_browser, enrollment):
    page = open_browser(signed_in=False)
    page.goto("/")
    page.keyboard.type("ana@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enrollments")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Changes only")
    page.keyboard.press("End")
    tab_to(page, "Sync now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Connector", exact=True)).to_be_visible()
    assert SyncRequest.objects.get().run_full_sync is True
    tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cancel this sync?")).to_be_visible()
    tab_to(page, "Yes, cancel")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_the_inbox_can_be_used_without_scripts(open_browser, enrollment, tmp_path):
    page = open_browser(java_script_enabled=False)
    page.goto("/")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator(".step-now")).to_contain_text("Connector")
    sync = SyncRequest.objects.get()
    sync.start()
    finish_with_problems(sync)
    # The page loads itself again until the sync is finished.
    expect(page.get_by_role("heading", name="Finished with problems")).to_be_visible()
    file = tmp_path / "companies.csv"
    file.write_text("erpKey,companyName\nC1,Acme\n")
    page.goto("/upload/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and load").click()
    expect(page.get_by_role("heading", name="Sync of Uploads")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Yes, cancel the sync").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_nothing_sticks_out_of_a_phone(open_browser, enrollment, make_sync):
    page = open_browser(width=390, height=844)
    sync = make_sync(running=True)
    finish_with_problems(sync)
    SyncResultDetailFactory(
        sync_request=sync, value="x" * 400, file="f" * 200 + ".csv", raw_line="r" * 900, message="m" * 300
    )
    waiting = make_sync(queued=True)
    pages = ["/", "/syncs/", "/upload/", "/keys/", "/enroll/", "/account/", "/password/"]
    pages += [f"/enroll/{enrollment.app_id}/", f"/enrollments/{enrollment.pk}/", f"/syncs/{sync.pk}/"]
    pages += [f"/syncs/{sync.pk}/problems/", f"/syncs/{waiting.pk}/", f"/syncs/{waiting.pk}/cancel/"]
    for address in pages:
        page.goto(address)
        overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overhang == 0, address


def test_a_new_key_is_shown_and_copied(open_browser):
    page = open_browser(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/keys/")
    page.get_by_label("Name").fill("Nightly export")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("#secret").inner_text()
    told = page.get_by_role("status")
    told.get_by_role("button", name="Copy").click()
    expect(told.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
