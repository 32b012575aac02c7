"""Resource limits of processes that run syncs; each test starts a process, because a limit cannot be lifted."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from syncs import connectors
from syncs.loading import pipeline
from syncs.models import SyncRequest
from tests.loading.conftest import GivenRows

SET_UP = """
import django
from adsplatform.cluster.resource_limits import limit_resources

django.setup()
limit_resources()
"""


def run(code: str, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", SET_UP + code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "adsplatform.settings", **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_memory_beyond_the_limit_is_refused_and_the_process_goes_on():
    code = "try:\n    bytearray(10 * 1024**3)\nexcept MemoryError:\n    print('refused', len(bytearray(1024**2)))"
    assert run(code).stdout == "refused 1048576\n"


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    path = str(tmp_path / "x")
    code = (
        f"try:\n    with open({path!r}, 'wb') as file:\n        file.write(bytes(3000))\n"
        "except OSError as error:\n    print(error)"
    )
    assert "File too large" in run(code, SYNC_FILE_MAX_BYTES="2000").stdout
    assert (tmp_path / "x").stat().st_size == 2000


def test_open_files_are_limited_and_there_is_no_core_dump():
    ended = run(
        "import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))\n"
        "try:\n    files = [open('/dev/null') for _ in range(5000)]\n"
        "except OSError as error:\n    print(error.strerror)"
    )
    assert ended.stdout == "(0, 0)\nToo many open files\n"


def test_a_child_inherits_the_limits_and_a_lower_limit_stays():
    code = (
        "import resource, subprocess\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nlimit_resources()\n"
        "print(subprocess.run(['sh', '-c', 'ulimit -n; ulimit -v'], capture_output=True, text=True).stdout)"
    )
    assert run(code).stdout.split() == ["64", str(4 * 1024**2)]


def test_memory_can_be_unlimited():
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY)"
    assert run(code, SYNC_MEMORY_MAX_BYTES="0").stdout == "True\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Only glibc can be configured to keep freed memory.")
def test_freed_memory_is_reused_without_page_faults():
    code = """
from resource import RUSAGE_SELF, getrusage
from adsplatform.cluster.resource_limits import keep_freed_memory

def pages_cleared():
    before = getrusage(RUSAGE_SELF).ru_minflt
    for _ in range(10):
        [b"x" * (8 * 1024**2) for _ in range(6)]
    return getrusage(RUSAGE_SELF).ru_minflt - before

keep_freed_memory()
pages_cleared()
print(pages_cleared())
"""
    # Otherwise it would be 480 MB, in 122,880 pages.
    assert int(run(code).stdout) < 1_000


@pytest.mark.django_db
def test_a_sync_without_enough_memory_fails_and_says_so(enrollment, monkeypatch):
    class Greedy(GivenRows):
        def rows(self, source):
            raise MemoryError

    monkeypatch.setitem(connectors.registry, "given-rows", Greedy({}))
    sync_request = SyncRequest.objects.create(
        app_enrollment=enrollment, group_key=enrollment.group_key, connector="given-rows"
    )
    sync_request.queue()
    sync_request.start()
    pipeline.run(sync_request)
    sync_request.refresh_from_db()
    sentence = "The sync needed more memory than a sync may have. Nothing was changed."
    assert (sync_request.status_code, sync_request.process_result_message) == ("Failed", sentence)
    assert sync_request.details.get().code == "out_of_memory"
