"""The bill of materials of a release, and the look-up of vulnerabilities."""

import json
import subprocess
import sys

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from adsplatform import __version__
from tests.docs.documents import ROOT


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, ROOT / "deploy" / "write_sbom.py", folder], check=True, timeout=60)
    (path,) = folder.iterdir()
    assert path.name == f"ads-platform-{__version__}.cdx.json"
    return path.read_text()


def test_the_bill_of_materials_is_valid_cyclonedx(document):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None


def test_the_bill_of_materials_has_every_pinned_package_with_its_hashes(document):
    bill = json.loads(document)
    found = {component["name"]: component for component in bill["components"]}
    text = (ROOT / "requirements.txt").read_text()
    assert sorted(f"{component['name']}=={component['version']}" for component in bill["components"]) == sorted(
        line.split()[0] for line in text.splitlines() if line[:1].isalpha()
    )
    hashes = [
        one["content"]
        for component in bill["components"]
        for reference in component["externalReferences"]
        for one in reference["hashes"]
    ]
    assert len(hashes) == text.count("--hash=sha256:") > 0
    assert all(one in text for one in hashes)
    assert found["django"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert bill["metadata"]["component"]["version"] == __version__
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bill["dependencies"]}
    assert found["django"]["purl"] in needs[f"pkg:pypi/ads-platform@{__version__}"]
    assert found["asgiref"]["purl"] in needs[found["django"]["purl"]]
    # What is for tests alone is not in a release.
    assert "pytest" not in found


def audited(folder, *answers):
    """Exit code and output of a look-up, given what pip-audit prints about each file."""
    command = folder / "pip-audit"
    files = []
    for number, answer in enumerate(answers):
        (folder / f"{number}.txt").write_text(answer)
        files.append(str(folder / f"{number}.txt"))
    # Prints the file that it was asked about.
    command.write_text('#!/bin/sh\nfor last; do :; done\ncat "$last"\necho "No route to host" >&2\nexit 1\n')
    command.chmod(0o755)
    run = [sys.executable, ROOT / "deploy" / "audit_packages.py", command, *files]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def packages(*of):
    return json.dumps({"dependencies": list(of), "fixes": []})


SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
VULNERABLE = {"name": "lz4", "version": "4.4.5", "vulns": [{"id": "X-2026-1", "fix_versions": ["4.4.6"]}]}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found"}


def test_an_audit_of_sound_packages_says_how_many(tmp_path):
    code, said = audited(tmp_path, packages(SOUND), packages(SOUND, {**SOUND, "name": "psutil"}))
    assert (code, said) == (0, "No vulnerability is known of the 2 pinned packages.\n")


def test_an_audit_names_each_vulnerability(tmp_path):
    code, said = audited(tmp_path, packages(SOUND, VULNERABLE, UNKNOWN))
    assert (code, said) == (1, "lz4 4.4.5 has the vulnerability X-2026-1; fixed in: 4.4.6.\n")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["", packages(SOUND)], "the advisory database did not answer about 0.txt (No route to host)"),
        ([packages(SOUND, UNKNOWN)], "the advisory database has no answer about 1 of 2 packages (numpy …)"),
    ],
)
def test_an_audit_without_an_advisory_database_says_so(tmp_path, answers, reason):
    code, said = audited(tmp_path, *answers)
    assert code == 3
    assert said.startswith(f"Not checked: {reason}. This does not say that there are no vulnerabilities.")
