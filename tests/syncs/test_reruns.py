"""Loading the same data once more: a preview is applied, deletes are allowed, a known file is recognised."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from adsplatform.errors import PlatformError
from adsplatform.records.models import Company
from enrollments.models import AppEnrollment, Application
from syncs import tasks
from syncs.models import SeenKey, SyncRequest, SyncResultDetail
from syncs.services import requests, reruns
from syncs.services.reruns import NothingToRepeat
from tests.factories import (
    AppEnrollmentFactory,
    SyncEntityResultFactory,
    SyncRequestFactory,
    SyncResultDetailFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def enrollment():
    return AppEnrollmentFactory(app=Application.objects.get(connector="file-upload"))


@pytest.fixture
def load(enrollment, user):
    """Upload companies of these numbers and let the worker run; returns the finished sync."""

    def load(numbers, name="companies.csv", **wanted):
        lines = "".join(f"C{number},Acme,Customer,true\n" for number in numbers)
        content = f"erpKey,companyName,companyType,isActive\n{lines}".encode()
        wanted = {"enrollment": enrollment} | wanted
        sync_request = requests.load_upload(
            wanted["enrollment"].group_key, user, io.BytesIO(content), file_name=name, **wanted
        )
        return run(sync_request)

    return load


def run(sync_request):
    tasks.run_next_sync()
    sync_request.refresh_from_db()
    assert sync_request.is_finished
    return sync_request


# Deletes that are allowed.


def test_allowed_deletes_are_carried_out_by_a_sync_of_its_own(load, user):
    load(range(20))
    stopped = load(range(3), full=True)
    assert stopped.status_code == "Failed"
    again = run(reruns.allow_deletes(stopped, user))
    assert again.process_result_message == "3 companies loaded: 17 deleted, 3 unchanged."
    assert (again.allow_deletes, again.run_full_sync, again.repeat_of) == (True, True, stopped)
    assert (again.upload, again.modified_user) == (stopped.upload, user)
    assert Company.objects.count() == 3


def test_two_clicks_are_one_sync_and_a_third_after_it_is_refused(load, user):
    load(range(20))
    stopped = load(range(3), full=True)
    again = reruns.allow_deletes(stopped, user)
    assert reruns.allow_deletes(stopped, user) == again
    run(again)
    with pytest.raises(NothingToRepeat, match=f"This has been done: the sync {again.pk} has loaded it."):
        reruns.allow_deletes(stopped, user)


def test_deletes_may_be_allowed_again_after_a_cancelled_rerun(load, user):
    load(range(20))
    stopped = load(range(3), full=True)
    first = reruns.allow_deletes(stopped, user)
    requests.cancel_sync(SyncRequest.objects.get(pk=first.pk), user)
    assert reruns.allow_deletes(stopped, user) != first


def test_only_deletes_that_the_guard_stopped_can_be_allowed(load, user):
    failed = SyncRequestFactory(failed=True)
    SyncResultDetailFactory(sync_request=failed, code="nothing_loaded")
    for other in (load([1]), failed):
        with pytest.raises(NothingToRepeat, match="was not stopped because of what it would delete"):
            reruns.allow_deletes(other, user)


def test_a_connectors_sync_is_asked_for_again_in_full(user):
    stopped = SyncRequestFactory(failed=True, run_full_sync=True)
    SyncResultDetailFactory(sync_request=stopped, code="delete_guard", line=None)
    again = reruns.allow_deletes(stopped, user)
    assert (again.connector, again.upload, again.run_full_sync) == ("demo-data", None, True)
    # "Sync now" does not return it.
    assert requests.request_sync(stopped.app_enrollment, user, full=True) != again


def test_the_last_part_deletes_what_no_part_contained(load, user):
    load(range(20))
    first = load([0, 1], full=True, total_batches=2)
    last = load([2], full=True, total_batches=2, parent=first, current_batch=2)
    assert SyncResultDetail.objects.get().code == "delete_guard"
    again = run(reruns.allow_deletes(last, user))
    assert (again.parent_sync_request, again.current_batch, again.total_batches) == (first, 2, 2)
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == ["C0", "C1", "C2"]
    assert not SeenKey.objects.exists()
    # The keys of the earlier parts are no longer stored, so another run would delete their records.
    with pytest.raises(NothingToRepeat):
        reruns.allow_deletes(last, user)


def test_a_file_that_is_gone_cannot_be_loaded_again(load, user):
    load(range(20))
    stopped = load(range(3), full=True)
    default_storage.delete(stopped.upload.content.name)
    with pytest.raises(NothingToRepeat) as refused:
        reruns.allow_deletes(stopped, user)
    assert str(refused.value) == (
        "The uploaded file “companies.csv” is no longer in the upload storage. Upload it again."
    )


def test_an_inactive_enrollment_loads_nothing_again(load, user):
    preview = load([1], dry_run=True)
    AppEnrollment.objects.update(is_active=False)
    preview.refresh_from_db()
    with pytest.raises(PlatformError, match="is switched off. Switch it on, then sync."):
        reruns.apply_preview(SyncRequest.objects.get(pk=preview.pk), user)


# Previews that are applied.


def test_an_applied_preview_loads_the_same_upload(load, user):
    preview = load(range(3), dry_run=True, full=True)
    assert not Company.objects.exists()
    applied = run(reruns.apply_preview(preview, user))
    assert (applied.dry_run, applied.run_full_sync, applied.repeat_of) == (False, True, preview)
    assert (applied.upload, applied.modified_user) == (preview.upload, user)
    assert Company.objects.count() == 3
    with pytest.raises(NothingToRepeat, match="This has been done"):
        reruns.apply_preview(preview, user)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_apply_at_once_get_the_same_sync(load, user):
    preview = load(range(3), dry_run=True)

    def apply(_):
        try:
            return reruns.apply_preview(SyncRequest.objects.get(pk=preview.pk), user).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as at_once:
        assert len(set(at_once.map(apply, range(4)))) == 1


def test_an_allowed_preview_is_a_preview_again_and_applying_it_asks_the_guard_anew(load, user):
    load(range(20))
    stopped = load(range(3), full=True, dry_run=True)
    allowed = run(reruns.allow_deletes(stopped, user))
    assert allowed.process_result_message == "Preview: 17 would be deleted. Nothing was changed."
    applied = run(reruns.apply_preview(allowed, user))
    assert (applied.status_code, applied.allow_deletes) == ("Failed", False)
    assert Company.objects.count() == 20
    run(reruns.allow_deletes(applied, user))
    assert Company.objects.count() == 3


def test_only_a_preview_that_succeeded_can_be_applied(load, user):
    with pytest.raises(NothingToRepeat, match="This sync was no preview; there is nothing to apply."):
        reruns.apply_preview(load([1]), user)
    failed = SyncRequestFactory(failed=True, dry_run=True)
    with pytest.raises(NothingToRepeat, match="This preview is Failed; only one that succeeded can be applied."):
        reruns.apply_preview(failed, user)


def test_a_part_cannot_be_previewed(load):
    with pytest.raises(PlatformError, match="A part alone cannot be previewed"):
        load([1], dry_run=True, total_batches=2)


# A file that is known.


def test_the_same_content_is_recognised_by_its_checksum(load):
    first = load(range(3))
    second = load(range(3))
    assert (first.same_content_as, second.same_content_as) == (None, first)
    # It still runs, and the last sync of the same content is named.
    assert load(range(3), dry_run=True).same_content_as == second
    assert load(range(3)).same_content_as == second


@pytest.mark.parametrize(
    "change",
    [
        lambda load: load(range(4)),
        lambda load: load(range(3), full=True),
        lambda load: load(range(3), name="contacts.csv"),
        lambda load: load(range(3), enrollment=AppEnrollmentFactory(group_key=SyncRequest.objects.get().group_key)),
        lambda load: load(range(3), enrollment=AppEnrollmentFactory()),
    ],
    ids=["content", "full", "name", "enrollment", "account"],
)
def test_other_content_is_not_recognised(load, change):
    load(range(3))
    assert change(load).same_content_as is None


def test_content_is_not_recognised_after_other_changes(load, enrollment):
    load(range(3))
    load(range(3, 6))
    assert load(range(3)).same_content_as is None


def test_previews_and_failed_syncs_do_not_count_as_loads(load, enrollment):
    load(range(3), dry_run=True)
    assert load(range(3)).same_content_as is None
    first = SyncRequest.objects.get(dry_run=False)
    later = SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    SyncEntityResultFactory(sync_request=later, lines_read=1, inserted=1)
    assert load(range(3)).same_content_as == first
    SyncRequest.objects.filter(dry_run=False).update(status_code="Failed")
    assert load(range(3)).same_content_as is None
