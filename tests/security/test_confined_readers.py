"""A connector or a reader that has been taken over reaches nothing but its own source; a real worker runs it."""

import os
import pwd
import signal
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from adsplatform.local import landlock
from adsplatform.local.processes import Identity
from adsplatform.records.models import Company
from enrollments.models import Application
from enrollments.services import publish_application
from syncs.models import SyncRequest
from syncs.services import requests
from tests.factories import AccountFactory, AppEnrollmentFactory
from tests.product import PROJECT, eventually
from tests.security import hostile_source

pytestmark = pytest.mark.django_db(transaction=True)

SECRET, KEY = "a-secret-key-of-a-test-0123456789", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG="
REFUSED = {
    "others credentials", "others rows", "leave the role", "environment of parents", "memory of parent",
    "attach to parent", "signal parent", "list processes", "read uploads", "read secret file", "write elsewhere",
    "write into code", "run a setuid program", "become root", "may gain privileges", "listen",
    "make a user namespace", "share memory", "make a unix socket",
}  # fmt: skip


@pytest.fixture(params=["root", "ordinary user"])
def worker(request, database_url, tmp_path, settings):
    """A cluster that runs as root or as an ordinary user; `log` is what it has logged."""
    uid = 0
    become = Identity()
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("Only root can start a process as root.")
    if request.param == "ordinary user" and os.geteuid() == 0:
        uid = pwd.getpwnam("nobody").pw_uid
        # It may not be able to reach the folder of Python.
        become = Identity(uid, ignores_permissions=True)
    for name in ("var", "uploads", "elsewhere"):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, uid or -1, -1)
    (tmp_path / "var" / "secret_key").write_text(SECRET)
    settings.CREDENTIALS_KEYS = [KEY]
    log = tmp_path / "log"
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.security.hostile_settings",
        "DATABASE_URL": database_url,
        "ADS_VAR_DIR": str(tmp_path / "var"),
        "SECRET_KEY": SECRET,
        "CREDENTIALS_KEYS": KEY,
        "UPLOAD_STORAGE_OPTIONS": f'{{"location": "{tmp_path / "uploads"}"}}',
        "SYNC_READER_ENVIRONMENT": "HOSTILE_UPLOADS,HOSTILE_SECRET_FILE,HOSTILE_ELSEWHERE",
        "HOSTILE_UPLOADS": str(tmp_path / "uploads"),
        "HOSTILE_SECRET_FILE": str(tmp_path / "var" / "secret_key"),
        "HOSTILE_ELSEWHERE": str(tmp_path / "elsewhere"),
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=PROJECT,
            env=os.environ | environment,
            stderr=file,
            start_new_session=True,
            preexec_fn=become.assume(lambda: None),
        )
    yield SimpleNamespace(process=process, log=log.read_text, folder=tmp_path, uid=uid)
    process.send_signal(signal.SIGTERM)
    process.wait(20)


@pytest.fixture
def hostile():
    """A sync of the hostile connector has been asked for, by an account that is not the only one."""
    publish_application(hostile_source.APPLICATION)
    app = Application.objects.get(connector="hostile")
    other = AppEnrollmentFactory(app=app, group_key=AccountFactory(name="Other account"))
    own = AppEnrollmentFactory(app=app)
    return SimpleNamespace(own=own, other=other)


def set_password(enrollment, password):
    enrollment.credentials = {"password": password}
    enrollment.save()


def outcomes(sync_request) -> dict[str, str]:
    return dict(Company.objects.filter(created_sync_id=sync_request.pk).values_list("erp_key", "company_name"))


def test_a_hostile_connector_reaches_nothing_but_its_source(worker, hostile):
    set_password(hostile.own, "own password")
    set_password(hostile.other, "other password")
    sync_request = requests.request_sync(hostile.own, None)
    ended = SyncRequest.objects.filter(pk=sync_request.pk, status_code="Success")
    assert eventually(ended.exists, seconds=60), worker.log()
    found = outcomes(sync_request)
    assert found["its own credentials"] == "own password"
    assert found["write to the own folder"] == "done: 1"
    assert {name: found[name] for name in REFUSED if not found[name].startswith("refused: ")} == {}
    told = " ".join(found.values())
    for secret in (SECRET, KEY, "other password", "Other account"):
        assert secret[:12] not in told
    assert found["user"] == f"done: {worker.uid or 64016}"
    assert not list((worker.folder / "elsewhere").iterdir())
    left = int(found["leave a process behind"].removeprefix("done: "))
    assert eventually(lambda: not psutil.pid_exists(left))


def test_the_worker_says_at_the_start_how_its_readers_are_confined(worker):
    assert eventually(lambda: "is confined: " in worker.log(), seconds=60)
    (line,) = (line for line in worker.log().splitlines() if "is confined: " in line)
    user = "the worker's own user" if worker.uid else "user 64016 instead of root"
    assert f": {user}; no new privileges; Landlock (version {landlock.version()}): " in line
    assert "; seccomp: no programs, " in line
    assert " INFO " in line
