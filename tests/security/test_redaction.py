"""No secret is in the log, in the database or in an answer; every way in for secrets is tried with a canary."""

import io
import json
import logging
import time

import pytest
from django.core.management import call_command
from django.db import connection

from adsplatform.observability import logs, redaction
from adsplatform.observability.redaction import MASK, RedactingHandler, mask_secrets, redact_for_log
from enrollments.models import AppEnrollment, Application
from enrollments.wire import ConnectorInfo
from syncs import connectors
from syncs.connectors.protocol import ConnectorError, RowProblem
from syncs.loading import pipeline
from syncs.models import SyncRequest
from tests.callers import Program
from tests.loading.conftest import GivenRows

# With characters that JSON escapes, and with letters beyond ASCII.
CANARY = 'canary-"ü\\unsaid'


@pytest.fixture(autouse=True)
def nothing_known_from_other_tests(monkeypatch):
    monkeypatch.setattr(redaction, "known_spellings", {})


@pytest.fixture
def log():
    """What would be written to the log."""
    stream = io.StringIO()
    handler, root = RedactingHandler(stream), logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def rows_of_all_tables():
    """Every row of the database as text, by table."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                yield table, row


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key LSPK-AsECKHxldFMFCHhs9M3EHkci5AZzTZ7GkoZMkLdi0UI is", f"key {MASK} is"),
        ("postgresql://ads:pa:ss@db.example/x", f"postgresql://ads:{MASK}@db.example/x"),
        ("Authorization: Bearer abc.def-ghi_123", f"Authorization: Bearer {MASK}"),
        ("Authorization: 0123456789", f"Authorization: {MASK}"),
        ('{"password": "pa ss", "user": "ana"}', f'{{"password": "{MASK} ss", "user": "ana"}}'),
        ("{'client_secret': 'xyz'}", f"{{'client_secret': '{MASK}'}}"),
        ("https://api.example/?token=abc&page=2", f"https://api.example/?token={MASK}&page=2"),
        ("Cookie: sessionid=q1w2e3", f"Cookie: {MASK}"),
        ("The password is wrong. Use a new token.", "The password is wrong. Use a new token."),
    ],
)
def test_text_in_the_form_of_a_secret_is_masked(text, masked):
    assert redact_for_log(text) == masked


def test_remembered_secrets_are_masked_everywhere():
    redaction.remember_secrets(["tiger", "tigerlily", "abc"])
    assert redact_for_log("tigerlily and tiger; abc is too short to be one") == (
        f"{MASK} and {MASK}; abc is too short to be one"
    )


def test_a_sentence_is_masked_only_for_its_own_secrets():
    redaction.remember_secrets(["right"])
    assert mask_secrets("This is right, and not tiger.", ["tiger"]) == f"This is right, and not {MASK}."


def test_only_the_latest_secrets_are_remembered(monkeypatch):
    monkeypatch.setattr(redaction, "MOST", 2)
    for secret in ("first", "second", "first", "third"):
        redaction.remember_secrets([secret])
    assert redact_for_log("first second third") == f"{MASK} second {MASK}"


def test_a_traceback_is_masked_too(log):
    redaction.remember_secrets([CANARY])
    try:
        raise ValueError(f"could not sign in with {CANARY}")
    except ValueError:
        logging.getLogger("x").exception("Failed with %s", CANARY)
    assert "ValueError: could not sign in with" in log.getvalue()
    assert CANARY not in log.getvalue()


@pytest.mark.parametrize("formatter", [logs.TextLine("{message}", style="{"), logs.JsonLine()])
def test_long_values_are_cut_before_they_are_searched(log, formatter):
    redaction.remember_secrets([CANARY])
    (handler,) = (one for one in logging.getLogger().handlers if getattr(one, "stream", None) is log)
    handler.setFormatter(formatter)
    # The canary is where the text is cut.
    hostile = "a." * 997 + CANARY + "a." * 500_000
    began = time.thread_time()
    try:
        raise ValueError(hostile * 5)
    except ValueError:
        logging.getLogger("x").exception("Failed with %s", hostile)
    assert time.thread_time() - began < 1
    assert 4_000 < len(log.getvalue()) < 40_000
    assert "canary" not in log.getvalue()
    assert "ValueError: a.a." in log.getvalue()


def test_all_log_handlers_redact(settings):
    assert settings.LOGGING["handlers"]["console"]["class"] == "adsplatform.observability.redaction.RedactingHandler"
    assert {handler for one in settings.LOGGING["loggers"].values() for handler in one["handlers"]} == {"console"}


def failing(how):
    """A connector that names its password when it fails."""

    class Failing(GivenRows):
        def check(self, settings, credentials):
            if credentials["password"] != CANARY or how == "at once":
                raise ConnectorError(f"The source refused {credentials['password']}.")
            return f"The source knows {credentials['password']}."

        def rows(self, source):
            password = source.credentials["password"]
            if how == "refused":
                raise ConnectorError(f"The source refused {password} of ana.")
            if how == "unforeseen":
                raise RuntimeError(f"cannot connect: {password}")
            if how == "a line":
                yield RowProblem("companies", "source", 2, "bad_json", f"Refused with {password}.")
            yield from super().rows(source)

    return Failing({"companies": [{"erpKey": "C1", "companyName": "A", "companyType": "Customer", "isActive": True}]})


@pytest.mark.parametrize("how", ["refused", "unforeseen", "a line", "not at all"])
def test_a_connectors_secret_appears_nowhere(enrollment, monkeypatch, log, how, capfd):
    program = Program(account=enrollment.group_key)
    secrets = dict.fromkeys(ConnectorInfo().fields, CANARY)
    path = f"AppEnrollments/{enrollment.pk}"
    monkeypatch.setitem(connectors.registry, "given-rows", failing(how))
    answers = [
        program.post(f"{path}/reconnect", secrets),
        program.post("AppEnrollments", [{"appId": str(enrollment.app_id), "connectorInfo": secrets}]),
        # This one is refused because of its other values.
        program.post("AppEnrollments", [{"appId": "x", "cronSettings": "?", "connectorInfo": secrets}]),
    ]
    assert AppEnrollment.objects.get(pk=enrollment.pk).credentials["password"] == CANARY
    redaction.known_spellings.clear()  # as in the worker, which is another process
    answers.append(program.post("Sync", {"appEnrollmentId": str(enrollment.pk)}))
    sync_request = SyncRequest.objects.get(app_enrollment=enrollment)
    sync_request.start()
    pipeline.run(sync_request)
    sync_request.refresh_from_db()
    assert sync_request.status_code == ("Failed" if how in ("refused", "unforeseen") else "Success")
    assert how != "refused" or sync_request.process_result_message == f"The source refused {MASK} of ana."
    answers += [
        program.get(f"Sync/{sync_request.pk}", "include=Details"),
        program.get(f"Sync/{sync_request.pk}/details/query"),
        program.get(path, "include=App,CustomFields,LastSync"),
        program.get("AppEnrollments/query"),
        program.get(f"AppEnrollments/settings/{enrollment.pk}"),
    ]
    program.client.force_login(program.user)
    for page in (f"/enrollments/{enrollment.pk}/", f"/syncs/{sync_request.pk}/", f"/syncs/{sync_request.pk}/problems/"):
        answers.append(program.client.get(page))
    spellings = (CANARY, json.dumps(CANARY)[1:-1], json.dumps(CANARY, ensure_ascii=False)[1:-1], "unsaid")
    for text in [answer.text for answer in answers] + [log.getvalue(), *capfd.readouterr()]:
        assert not any(spelling in text for spelling in spellings)
    assert [table for table, row in rows_of_all_tables() if "canary-" in row] == []


def test_a_refused_connection_does_not_name_the_secret_either(enrollment, monkeypatch, log):
    monkeypatch.setitem(connectors.registry, "given-rows", failing("at once"))
    program = Program(account=enrollment.group_key)
    answer = program.post(f"AppEnrollments/{enrollment.pk}/reconnect", {"password": CANARY})
    assert (answer.status_code, answer.json()["detail"]) == (424, f"The source refused {MASK}.")
    assert "unsaid" not in answer.text + log.getvalue()


def test_no_key_password_or_token_is_stored_or_logged(db, log):
    program = Program(email="ana@example.com")
    key = program.post("ApiKeys", {"name": "Export"}, query="").json()["apiKey"]
    program.headers |= {"Idempotency-Key": "once"}
    replayed = program.post("ApiKeys", {"name": "Replayed"}).json()["apiKey"]
    signed_in = program.post("sign-in", {"email": "ana@example.com", "password": "correct horse battery"})
    token = signed_in.json()["token"]
    program.post("sign-in", {"email": "ana@example.com", "password": "wrong horse battery"})
    for header in ({"Api-Key": key + "x"}, {"Authorization": f"Bearer {token}x"}):
        assert program.send("GET", "Status/auth", headers=header).status_code == 401
    secrets = (key, replayed, token, program.key, "horse battery")
    for _, row in rows_of_all_tables():
        assert not any(secret in row for secret in secrets)
    assert not any(secret in log.getvalue() for secret in secrets)


def test_after_a_rotation_the_old_key_is_not_needed(enrollment, settings, capsys):
    from cryptography.fernet import Fernet

    enrollment.credentials = {"password": CANARY}
    enrollment.save()
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIALS_KEYS]
    call_command("rotate_credentials")
    del settings.CREDENTIALS_KEYS[1:]
    assert AppEnrollment.objects.get(pk=enrollment.pk).credentials == {"password": CANARY}
    assert CANARY not in capsys.readouterr().out


def test_messages_in_the_queue_have_no_text_of_a_caller(enrollment):
    from django_q.models import OrmQ
    from django_q.signing import SignedPackage

    Application.objects.update(connector="")
    enrollment.app.connector = "given-rows"
    enrollment.app.save()
    program = Program(account=enrollment.group_key)
    assert program.post("Sync", {"appEnrollmentId": str(enrollment.pk)}).status_code < 300
    assert program.post("Sync/batch", {"companies": [{"erpKey": "os.system"}]}, f"appEnrollmentId={enrollment.pk}")
    messages = [SignedPackage.loads(message.payload) for message in OrmQ.objects.all()]
    assert messages
    for message in messages:
        assert (message["func"], message["args"]) == ("syncs.tasks.run_next_sync", [])
