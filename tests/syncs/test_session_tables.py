"""What a warm process keeps from one sync to the next: tables without a row, and no text, secret or setting."""

import gc
import io
import json
from functools import _lru_cache_wrapper

import pytest
from django.db import connection

from adsplatform.records.models import Company
from enrollments.models import AppEnrollment, Application
from syncs.loading import pipeline
from syncs.loading.staging.session_tables import SessionTables
from syncs.models import SyncRequest, Upload
from syncs.services.requests import load_upload
from syncs.worker import warm
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company, invoice

# Some tables are there until the commit.
pytestmark = pytest.mark.django_db(transaction=True)

MARK = "Zaunkönigskoog"


def ask(enrollment, content=None, file_name="batch.json", format=Upload.Format.BATCH, **records):
    content = json.dumps(records).encode() if content is None else content
    named = {"file_name": file_name, "format": format, "enrollment": enrollment}
    return load_upload(enrollment.group_key, None, io.BytesIO(content), **named)


@pytest.fixture
def enrollments(transactional_db):
    app = Application.objects.get(connector="file-upload")
    return [AppEnrollmentFactory(app=app) for _ in range(2)]


def carry_out(sync_request, tables):
    """Carry it out here as a warm process does; returns the finished request."""
    sync_request = SyncRequest.objects.get(pk=sync_request.pk)
    sync_request.start()
    is_loaded = pipeline.run(sync_request, tables)
    sync_request.refresh_from_db()
    assert is_loaded == (sync_request.status_code == "Success")
    return sync_request


def temporary_tables():
    """How many rows each temporary table of this session has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
        names = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM pg_temp."{name}"')
            (found[name],) = cursor.fetchone()
    return found


def test_the_tables_of_a_session_stay_without_a_row_and_are_used_again(enrollments):
    one, two = enrollments
    tables = SessionTables()
    carry_out(ask(one, companies=[company("C1"), company("C2")], invoices=[invoice("I1")]), tables)
    stayed = temporary_tables()
    assert {"stage_company", "plan_company", "stage_invoice", "plan_invoice"} <= stayed.keys()
    assert set(stayed.values()) == {0}
    carry_out(ask(two, companies=[company("C3")]), tables)
    assert temporary_tables() == stayed
    assert list(Company.objects.filter(app_enrollment_id=two.pk).values_list("erp_key", flat=True)) == ["C3"]
    assert Company.objects.filter(app_enrollment_id=one.pk).count() == 2


def test_a_plan_with_other_references_is_made_anew(enrollments):
    one, _ = enrollments
    tables = SessionTables()
    carry_out(ask(one, companies=[company("C1")]), tables)
    carry_out(ask(one, companies=[company("C2", parentCompanyErpKey="C1")]), tables)
    carry_out(ask(one, companies=[company("C3")]), tables)
    parents = Company.objects.order_by("erp_key").values_list("erp_key", "parent_company__erp_key")
    assert list(parents) == [("C1", None), ("C2", "C1"), ("C3", None)]


@pytest.mark.parametrize(
    "records",
    [
        {"companies": [company("C1"), company("C2", companyType="nonsense")]},
        {"companies": [company("C1", isActive="perhaps")]},
        {"companies": [company("C1")], "invoices": [invoice("I1", company="C9"), invoice("I2")]},
    ],
    ids=["a rejected line", "a failed sync", "a missing reference"],
)
def test_no_row_stays_after_a_sync_with_problems(enrollments, records):
    tables = SessionTables()
    carry_out(ask(enrollments[0], companies=[company()]), tables)
    for _ in range(2):
        carry_out(ask(enrollments[0], **records), tables)
        assert set(temporary_tables().values()) <= {0}
    after = carry_out(ask(enrollments[1], companies=[company("C7")]), tables)
    assert Company.objects.filter(app_enrollment_id=enrollments[1].pk).count() == 1
    assert not after.details.exists()


def test_tables_are_made_anew_when_many_rows_have_been_in_them(enrollments, monkeypatch):
    monkeypatch.setattr("syncs.loading.staging.session_tables.MOST_ROWS", 2)
    tables = SessionTables()
    carry_out(ask(enrollments[0], companies=[company("C1"), company("C2")]), tables)
    assert temporary_tables()
    carry_out(ask(enrollments[0], companies=[company("C3")]), tables)
    assert temporary_tables() == {}


def test_the_text_of_a_file_stays_in_no_cache(enrollments):
    content = f"erpKey,companyName,companyType,isActive,{MARK}\nC1,{MARK},Customer,true,{MARK}\n".encode()
    carry_out(ask(enrollments[0], content, f"companies {MARK}.csv", ""), SessionTables())
    assert any(map(_holds_mark, _caches()))
    warm.forget()
    assert [cache for cache in _caches() if _holds_mark(cache)] == []


def _caches():
    # Lazy objects would be evaluated if they were asked for their class.
    return [found for found in gc.get_objects() if type(found) is _lru_cache_wrapper]


def _holds_mark(cache):
    return any(MARK in repr(kept) for kept in gc.get_referents(cache) if isinstance(kept, dict))


def test_nothing_secret_is_decrypted_for_an_upload(enrollments, monkeypatch):
    def decrypt(self):
        raise AssertionError("The credentials were decrypted.")

    monkeypatch.setattr(AppEnrollment, "credentials", property(decrypt))
    carry_out(ask(enrollments[0], companies=[company("C1")]), SessionTables())
    tried = carry_out(ask(enrollments[0], b"Not a ZIP", "some.zip", ""), SessionTables())
    assert tried.status_code == "Failed"
