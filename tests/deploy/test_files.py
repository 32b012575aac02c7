"""The files for systemd and Docker name commands, files and variables that this release has."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from adsplatform import serving
from adsplatform.cluster import shutdown
from tests.docs.documents import ROOT, documented_settings

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# Variables of PostgreSQL's client, of Python, and of the compose file itself.
FOREIGN = {"PGOPTIONS", "POSTGRES_PASSWORD", "POSTGRES_ADMIN_PASSWORD", "PYTHONUNBUFFERED"}


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def seconds(text) -> float:
    return float(str(text).removesuffix("s"))


def unit(path) -> dict[str, list[str]]:
    found = {}
    for line in path.read_text().splitlines():
        name, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def verify(text, folder, name) -> str:
    """What systemd complains of in a unit whose paths exist."""
    path = folder / name
    path.write_text(text.replace("/opt/ads-platform/.venv/bin/python", sys.executable))
    result = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, timeout=60)
    return result.stderr if name in result.stderr else ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="There is no systemd-analyze here.")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_accepts_the_units(path, tmp_path):
    assert verify(path.read_text(), tmp_path, path.name) == ""
    assert "Unknown" in verify(path.read_text() + "\n[Service]\nTimeoutStopSeconds=5\n", tmp_path, path.name)


def test_the_units_start_existing_commands():
    web, workers = (unit(path) for path in sorted(UNITS))
    assert web["ExecStart"] == [
        "/opt/ads-platform/.venv/bin/python -m gunicorn -c python:adsplatform.serving adsplatform.wsgi"
    ]
    (command,) = workers["ExecStart"]
    assert command.split()[-1] in get_commands()
    for settings_of in (web, workers):
        assert settings_of["Restart"] == ["always"]
        # With control-group the workers' children would get the signal too and end at once.
        assert settings_of["KillMode"] == ["mixed"]


def test_the_supervisor_waits_longer_than_the_product_takes_to_stop():
    web, workers = (unit(path) for path in sorted(UNITS))
    services = compose()["services"]
    for waits in (workers["TimeoutStopSec"][0], services["workers"]["stop_grace_period"]):
        assert seconds(waits) > settings.STOP_SECONDS > shutdown.HAND_BACK_SECONDS
    for waits in (web["TimeoutStopSec"][0], services["web"]["stop_grace_period"]):
        assert seconds(waits) > serving.graceful_timeout


def test_the_compose_file_sets_documented_variables():
    services = compose()["services"]
    ours = {"migrate", "web", "workers"}
    assert set(services) == ours | {"database"}
    for name in ours:
        assert set(services[name]["environment"]) - FOREIGN <= documented_settings().keys()
        assert {"DATABASE_URL", "SECRET_KEY", "CREDENTIALS_KEYS"} <= set(services[name]["environment"])
    mentioned = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    assert mentioned - FOREIGN <= documented_settings().keys()


def test_the_product_does_not_sign_in_to_the_database_as_a_superuser():
    services = compose()["services"]
    url = services["migrate"]["environment"]["DATABASE_URL"]
    assert url.startswith("postgresql://ads:${POSTGRES_PASSWORD:")
    # The image makes POSTGRES_USER, which is “postgres” unless it is set, a superuser.
    made = services["database"]["environment"]
    assert "POSTGRES_USER" not in made
    assert made["POSTGRES_PASSWORD"].startswith("${POSTGRES_ADMIN_PASSWORD:")
    (script,) = (mount.split(":")[0] for mount in services["database"]["volumes"] if "initdb" in mount)
    statements = (DEPLOY / script).read_text()
    assert "CREATE ROLE ads LOGIN PASSWORD" in statements
    assert "CREATE DATABASE ads OWNER ads" in statements
    assert "SUPERUSER" not in statements
    assert subprocess.run(["sh", "-n", DEPLOY / script], check=False).returncode == 0


def test_the_compose_file_runs_existing_commands():
    services = compose()["services"]
    for name in ("migrate", "workers"):
        command = " ".join(services[name]["command"])
        commands = re.findall(r"manage\.py (\w+)", command)
        assert commands
        assert set(commands) <= get_commands().keys()
    *_, probe = services["web"]["healthcheck"]["test"]
    compile(probe, "healthcheck", "exec")
    assert "/readyz" in probe


def test_the_image_is_built_from_existing_files():
    build = compose()["services"]["web"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    text = (ROOT / build["dockerfile"]).read_text()
    copied = [word for line in text.splitlines() if line.startswith("COPY") for word in shlex.split(line)[1:-1]]
    assert {"manage.py", "adsplatform", "enrollments", "syncs", "templates", "static"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists()
    names = re.findall(r"([A-Z_]+)=", next(line for line in text.splitlines() if line.startswith("ENV")))
    assert set(names) - FOREIGN <= documented_settings().keys()


def test_the_example_environment_sets_documented_variables():
    text = (DEPLOY / "ads-platform.env.example").read_text()
    names = set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
    assert "DATABASE_URL" in names
    assert names <= documented_settings().keys()


def test_production_installs_no_embedded_database():
    text = (DEPLOY / "Dockerfile").read_text()
    assert "-r requirements.txt" in text
    assert "pgserver" not in (ROOT / "requirements.txt").read_text()
    assert "pgserver" in (ROOT / "requirements-local.txt").read_text()
