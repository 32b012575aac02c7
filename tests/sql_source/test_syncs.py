"""Syncs of a SQL database: the first one, changes, deletes, late commits, and what goes wrong."""

import threading
import time

import pytest

from adsplatform.records.models import Company, Invoice, InvoiceLine
from enrollments.models import Application
from enrollments.services import enroll
from syncs.loading import pipeline
from syncs.models import SourceState, SyncRequest
from tests.factories import AccountFactory, SyncRequestFactory, UserFactory
from tests.sql_source.servers import LINES, SELECTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrollment(server):
    return enrolled(server)


def enrolled(server, **settings):
    app = Application.objects.get(connector="sql-database")
    given = server.settings | {"deletesEveryDays": "0"} | settings
    return enroll(AccountFactory(), app, UserFactory(), settings=given, credentials=server.credentials)


def sync(enrollment, **values):
    """A sync of the changes, and its counts of each kind, without zeroes."""
    found = SyncRequestFactory(app_enrollment=enrollment, running=True, connector="sql-database", **values)
    pipeline.run(found)
    found.refresh_from_db()
    names = ("inserted", "updated", "unchanged", "rejected", "deleted_as_missing")
    counts = {
        result.entity: {name: getattr(result, name) for name in names if getattr(result, name)}
        for result in found.results.all()
    }
    return found, counts


def loaded(enrollment, **values):
    found, counts = sync(enrollment, **values)
    assert found.status_code == SyncRequest.Status.SUCCESS, found.process_result_message
    return counts


def keys(model, enrollment):
    return set(model.objects.filter(app_enrollment=enrollment).values_list("erp_key", flat=True))


def test_the_first_sync_loads_everything_to_the_last_digit(server, enrollment):
    assert loaded(enrollment) == {"Company": {"inserted": 2}, "Invoice": {"inserted": 3}}
    amounts = dict(Invoice.objects.filter(app_enrollment=enrollment).values_list("erp_key", "total_amount"))
    assert {key: f"{amount:f}".rstrip("0") for key, amount in amounts.items()} == {
        "I1": "10.125", "I2": "1.25", "I3": "-0.5",
    }  # fmt: skip
    assert Company.objects.get(app_enrollment=enrollment, erp_key="C2").company_name == "Zoë & Söhne"


def test_later_ones_load_what_has_changed(server):
    enrollment = enrolled(server, overlapMinutes="0")
    loaded(enrollment)
    assert loaded(enrollment) in ({}, {"Company": {}, "Invoice": {}})
    server.execute(
        "UPDATE invoice SET total = 11, changed = current_timestamp(6) WHERE id = 'I1'",
        "INSERT INTO invoice (id, customer, total) VALUES ('I4', 'C1', 4)",
    )
    assert loaded(enrollment)["Invoice"] == {"updated": 1, "inserted": 1}


def test_changes_come_again_within_the_overlap(server, enrollment):
    loaded(enrollment)
    assert loaded(enrollment) == {"Company": {"unchanged": 2}, "Invoice": {"unchanged": 3}}


def test_what_is_gone_is_deleted(server, enrollment):
    loaded(enrollment)
    server.execute("DELETE FROM invoice WHERE id = 'I2'")
    assert loaded(enrollment)["Invoice"]["deleted_as_missing"] == 1
    assert keys(Invoice, enrollment) == {"I1", "I3"}


def test_deletes_are_looked_for_as_often_as_the_settings_say(server):
    enrollment = enrolled(server, deletesEveryDays="1", overlapMinutes="0")
    loaded(enrollment)
    server.execute("DELETE FROM invoice WHERE id = 'I2'")
    loaded(enrollment)
    assert "I2" in keys(Invoice, enrollment)
    for state in SourceState.objects.all():
        state.state["keysCompared"] = "2026-01-01T00:00:00+00:00"
        state.save()
    loaded(enrollment)
    assert "I2" not in keys(Invoice, enrollment)


def test_the_delete_guard_holds(server):
    enrollment = enrolled(server)
    server.execute(*(f"INSERT INTO invoice (id, customer, total) VALUES ('X{n}', 'C1', 1)" for n in range(40)))
    loaded(enrollment)
    server.execute("DELETE FROM invoice WHERE id LIKE 'X%'")
    found, _ = sync(enrollment)
    assert (found.status_code, found.failure_code) == ("Failed", "delete_guard")
    assert len(keys(Invoice, enrollment)) == 43


def test_what_is_committed_late_is_not_missed(server, enrollment):
    late = server.connect()
    late.autocommit = False if server.kind == "postgresql" else late.autocommit(False)
    late.cursor().execute("INSERT INTO invoice (id, customer, total) VALUES ('late', 'C1', 1)")
    loaded(enrollment)
    assert "late" not in keys(Invoice, enrollment)
    late.commit()
    late.close()
    assert loaded(enrollment)["Invoice"] == {"inserted": 1, "unchanged": 3}


def test_another_select_is_read_from_the_beginning(server):
    enrollment = enrolled(server, overlapMinutes="0")
    loaded(enrollment)
    setting = enrollment.custom_field_definitions.get(name="selectCompany")
    setting.value = SELECTS["selectCompany"].replace("'Customer'", "'Vendor'")
    setting.save()
    assert loaded(enrollment)["Company"] == {"updated": 2}


def test_a_select_without_since_is_compared_as_a_whole(server):
    whole = {name: text.partition("WHERE")[0] for name, text in SELECTS.items()}
    enrollment = enrolled(server, deletesEveryDays="30", **whole)
    loaded(enrollment)
    server.execute("DELETE FROM invoice WHERE id = 'I2'")
    assert loaded(enrollment)["Invoice"] == {"unchanged": 2, "deleted_as_missing": 1}


def test_a_full_sync_reads_everything_and_deletes(server, enrollment):
    loaded(enrollment)
    server.execute("DELETE FROM invoice WHERE id = 'I2'")
    assert loaded(enrollment, run_full_sync=True) == {
        "Company": {"unchanged": 2}, "Invoice": {"unchanged": 2, "deleted_as_missing": 1},
    }  # fmt: skip


def test_kinds_agree_while_people_write(server):
    """Each invoice is written together with two lines; never does a sync see one without the other."""
    enrollment = enrolled(server, **LINES)
    is_over = threading.Event()

    def write():
        with_lines, number = server.connect(), 0
        cursor = with_lines.cursor()
        while not is_over.is_set():
            number += 1
            cursor.execute("BEGIN")
            cursor.execute(f"INSERT INTO invoice (id, customer, total) VALUES ('W{number}', 'C1', 2)")
            cursor.execute(f"INSERT INTO line VALUES ('W{number}a', 'W{number}', 1), ('W{number}b', 'W{number}', 1)")
            cursor.execute("COMMIT")
        with_lines.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            time.sleep(0.2)
            assert not any(counts.get("rejected") for counts in loaded(enrollment).values())
            written = {key for key in keys(Invoice, enrollment) if key.startswith("W")}
            assert keys(InvoiceLine, enrollment) == {f"{key}{end}" for key in written for end in "ab"}
    finally:
        is_over.set()
        writer.join()


def test_a_faulty_row_is_rejected_with_its_line_and_the_others_load(server):
    faulty = SELECTS["selectInvoice"].replace("total AS", "CASE id WHEN 'I2' THEN 'two' ELSE '5' END AS")
    enrollment = enrolled(server, selectInvoice=faulty + " ORDER BY id")
    found, counts = sync(enrollment)
    assert counts["Invoice"] == {"inserted": 2, "rejected": 1}
    [detail] = found.details.filter(kind="error")
    assert (detail.file, detail.line, detail.erp_key) == ("SELECT for Invoice", 2, "I2")
    assert detail.raw_line.startswith("I2\tC2\tC2\ttwo\tEUR\t1")


def test_a_server_that_is_away_is_tried_again_and_read_when_it_is_back(server, proxy):
    enrollment = enrolled(server, port=str(proxy.port))
    proxy.is_away = True
    found, _ = sync(enrollment)
    assert (found.status_code, found.failure_count) == ("Connector", 1)
    assert SourceState.objects.count() == 0
    proxy.is_away = False
    assert loaded(enrollment)["Invoice"] == {"inserted": 3}


def test_a_password_that_was_changed_fails_at_once_and_is_never_shown(server, enrollment):
    enrollment.credentials = enrollment.credentials | {"password": "no-longer-valid"}
    enrollment.save()
    found, _ = sync(enrollment)
    assert found.status_code == "Failed"
    assert "Check the user, the password and the database." in found.process_result_message
    assert "no-longer-valid" not in found.process_result_message
