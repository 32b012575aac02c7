"""The files for systemd and Docker say what this release understands."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from adsplatform import serving
from adsplatform.cluster import shutdown

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "adsplatform" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# Not ours: PostgreSQL's client's, and those of the compose file itself.
FOREIGN = {"PGOPTIONS", "POSTGRES_PASSWORD", "PYTHONUNBUFFERED"}


def known_variables() -> set[str]:
    """Every variable in README's table of settings."""
    table = (ROOT / "README.md").read_text().split("## Settings")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


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
    """What systemd has to say of a unit, with paths that are there."""
    path = folder / name
    path.write_text(text.replace("/opt/ads-platform/.venv/bin/python", sys.executable))
    said = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, timeout=60)
    return said.stderr if name in said.stderr else ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="There is no systemd-analyze here.")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_units(path, tmp_path):
    assert verify(path.read_text(), tmp_path, path.name) == ""
    assert "Unknown" in verify(path.read_text() + "\n[Service]\nTimeoutStopSeconds=5\n", tmp_path, path.name)


def test_the_units_start_what_there_is():
    web, workers = (unit(path) for path in sorted(UNITS))
    assert web["ExecStart"] == [
        "/opt/ads-platform/.venv/bin/python -m gunicorn -c python:adsplatform.serving adsplatform.wsgi"
    ]
    (command,) = workers["ExecStart"]
    assert command.split()[-1] in get_commands()
    for settings_of in (web, workers):
        assert settings_of["Restart"] == ["always"]
        # control-group would tell the workers' children too, which then die at once.
        assert settings_of["KillMode"] == ["mixed"]


def test_whoever_supervises_waits_longer_than_the_product_takes():
    web, workers = (unit(path) for path in sorted(UNITS))
    services = compose()["services"]
    for waits in (workers["TimeoutStopSec"][0], services["workers"]["stop_grace_period"]):
        assert seconds(waits) > settings.STOP_SECONDS > shutdown.HAND_BACK_SECONDS
    for waits in (web["TimeoutStopSec"][0], services["web"]["stop_grace_period"]):
        assert seconds(waits) > serving.graceful_timeout


def test_the_compose_file_gives_variables_that_there_are():
    services = compose()["services"]
    ours = {"migrate", "web", "workers"}
    assert set(services) == ours | {"database"}
    for name in ours:
        assert set(services[name]["environment"]) - FOREIGN <= known_variables()
        assert {"DATABASE_URL", "SECRET_KEY", "CREDENTIALS_KEYS"} <= set(services[name]["environment"])
    mentioned = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    assert mentioned - FOREIGN <= known_variables()


def test_the_compose_file_runs_commands_that_there_are():
    services = compose()["services"]
    for name in ("migrate", "workers"):
        told = " ".join(services[name]["command"])
        commands = re.findall(r"manage\.py (\w+)", told)
        assert commands
        assert set(commands) <= get_commands().keys()
    *_, probe = services["web"]["healthcheck"]["test"]
    compile(probe, "healthcheck", "exec")
    assert "/readyz" in probe


def test_the_image_is_made_of_files_that_there_are():
    build = compose()["services"]["web"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    text = (ROOT / build["dockerfile"]).read_text()
    copied = [word for line in text.splitlines() if line.startswith("COPY") for word in shlex.split(line)[1:-1]]
    assert {"manage.py", "adsplatform", "enrollments", "syncs", "templates", "static"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists()
    names = re.findall(r"([A-Z_]+)=", next(line for line in text.splitlines() if line.startswith("ENV")))
    assert set(names) - FOREIGN <= known_variables()


def test_the_example_of_the_environment_names_variables_that_there_are():
    text = (DEPLOY / "ads-platform.env.example").read_text()
    names = set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
    assert "DATABASE_URL" in names
    assert names <= known_variables()


def test_every_setting_is_in_the_readme():
    read = set()
    for path in (ROOT / "adsplatform").rglob("*.py"):
        read |= set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"|kept_secret\("([A-Z_]+)"', path.read_text()))
    names = {name for pair in read for name in pair if name}
    # For developers alone.
    assert names - {"DEBUG", "ENVIRONMENT", "SYNC_OWN_PROCESS"} <= known_variables()
