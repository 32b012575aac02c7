"""A wheel holds everything that an installation needs."""

import subprocess
import tomllib

from tests.docs.documents import ROOT

PACKAGES = ("adsplatform", "enrollments", "syncs")
PACKAGE_DATA = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]


def tracked(*paths: str) -> list[str]:
    return subprocess.check_output(["git", "ls-files", *paths], cwd=ROOT, text=True).split()


def test_every_folder_with_code_is_a_package():
    folders = {(ROOT / path).parent for path in tracked(*PACKAGES) if path.endswith(".py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_files_that_are_no_code_are_declared():
    others = [path for path in tracked(*PACKAGES) if not path.endswith(".py")]
    declared = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for pattern in PACKAGE_DATA[package]
        for path in (ROOT / package).glob(pattern)
    }
    assert set(others) == declared
    assert all("py.typed" in PACKAGE_DATA[package] for package in PACKAGES)


def test_templates_and_static_files_are_inside_a_package():
    assert PACKAGE_DATA["adsplatform.templates"] == PACKAGE_DATA["adsplatform.static"] == ["**/*"]
    setup = (ROOT / "setup.py").read_text()
    assert 'package_dir={"adsplatform.templates": "templates", "adsplatform.static": "static"}' in setup
