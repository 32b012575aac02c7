"""What takes long to make for tests of real systems stays in a folder outside the repository."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where what takes long to make stays for the next run: TEST_SOURCES_CACHE, or below the user's cache folder."""
    given = os.environ.get("TEST_SOURCES_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else home / "ads-platform-tests"


def made_once(name: str, *inputs: Path, make) -> Path:
    """The folder `name` of the cache, made anew where one of the files has changed; one process makes it at a time."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs) + sys.version.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{name}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "ready").touch()
    return folder


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=600, env={**os.environ, **environment}
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def environment_of(name: str, requirements: Path) -> Path:
    """The folder of a virtual environment with what a file lists, pinned."""

    def make(folder: Path) -> None:
        run(sys.executable, "-m", "venv", folder)
        pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "--no-deps", "-r", requirements)

    return made_once(name, requirements, make=make)
