"""Looks up known vulnerabilities of pinned packages with pip-audit, and says whether the look-up took place at all.

`make audit` runs it with pip-audit's command and the requirements files. It ends with

- 0 if an advisory database answered about every package and knows no vulnerability,
- 1 if it knows one,
- 3 if nothing is known, because the database could not be reached or does not know the packages.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

VULNERABLE, NOT_CHECKED = 1, 3
# Not --strict: it would end at the first package without an answer, and with the code for a vulnerability.
OPTIONS = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]


def audit(command: str, files: list[str]) -> int:
    """Look up the packages of all files; prints what was found, and returns the exit code."""
    packages: dict[tuple[str, str], dict[str, object]] = {}
    for file in files:
        for package in _answers_about(command, file):
            packages[package["name"], package.get("version", "")] = package
    vulnerable = [package for package in packages.values() if package.get("vulns")]
    for package in vulnerable:
        for found in package["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']} has the vulnerability {found['id']}; fixed in: {fixed}.")
    if vulnerable:
        return VULNERABLE
    if unknown := [package for package in packages.values() if "vulns" not in package]:
        names = ", ".join(package["name"] for package in unknown[:5])
        _give_up(f"the advisory database has no answer about {len(unknown)} of {len(packages)} packages ({names} …)")
    print(f"No vulnerability is known of the {len(packages)} pinned packages.")
    return 0


def _answers_about(command: str, file: str) -> list[dict[str, object]]:
    run = subprocess.run([command, *OPTIONS, "--requirement", file], capture_output=True, text=True, check=False)
    try:
        return json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (run.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        _give_up(f"the advisory database did not answer about {Path(file).name} ({reason})")


def _give_up(reason: str) -> NoReturn:
    print(
        f"Not checked: {reason}. This does not say that there are no vulnerabilities. "
        "Run `make audit` where the Internet can be reached.",
        file=sys.stderr,
    )
    sys.exit(NOT_CHECKED)


if __name__ == "__main__":
    sys.exit(audit(sys.argv[1], sys.argv[2:]))
