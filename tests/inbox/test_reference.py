"""The reference of the API, and what leads to it."""

from adsplatform.accounts.models import Role
from syncs.loading import pipeline
from syncs.models import SyncRequest


def test_the_page_loads_only_what_is_of_this_site(inbox):
    page = inbox.get("/reference/")
    assert 'data-document="/api/v1/openapi.json"' in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "unsafe-inline" not in inbox.get("/keys/").headers["Content-Security-Policy"]


def test_the_page_of_keys_leads_to_it_and_has_a_line_to_copy(inbox):
    page = inbox.get("/keys/").text
    assert 'href="/reference/"' in page
    assert 'curl -H "Api-Key: …" "http://testserver/api/v1/Companies/query' in page


def test_a_test_batch_is_a_preview(inbox, membership):
    answer = inbox.post("/keys/test-batch/")
    sync_request = SyncRequest.objects.get()
    assert answer.headers["Location"] == f"/syncs/{sync_request.pk}/"
    assert (sync_request.dry_run, sync_request.group_key_id) == (True, membership.group_key_id)
    sync_request.start()
    pipeline.run(sync_request)
    page = inbox.get(answer.headers["Location"]).text
    assert "Preview: " in page
    assert "This was a test: it is never loaded." in page
    assert "Apply" not in page


def test_who_may_not_load_sees_no_such_button(sign_in_as):
    person = sign_in_as(Role.READ_ONLY)
    assert "Send a test batch" not in person.get("/keys/").text
    assert person.post("/keys/test-batch/").status_code == 403
    assert not SyncRequest.objects.exists()
