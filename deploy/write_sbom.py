"""Writes the software bill of materials of a release, in CycloneDX 1.6: what production installs.

Its source is requirements.txt; licences and what needs what are from the metadata of the installed packages.
`make sbom` runs it.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LICENCE = re.compile(r"^License :: (?:OSI Approved :: )?(.+)", re.MULTILINE)
# Some packages have the whole text of their licence in their metadata.
LONGEST_NAME = 60


def bill_of_materials(version: str) -> Bom:
    """The product, and each pinned package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bom = Bom()
    product = _component(project["name"], version, ComponentType.APPLICATION)
    bom.metadata.component = product
    # Of some there is a version for each version of Python.
    pinned = list(_pinned((ROOT / "requirements.txt").read_text()))
    bom.components.update(pinned)
    bom.register_dependency(product, _among(pinned, project["dependencies"]))
    for component in pinned:
        installed = _installed(component.name)
        bom.register_dependency(component, _among(pinned, installed.requires or [] if installed else []))
    return bom


def _pinned(requirements: str) -> Iterator[Component]:
    for entry in requirements.replace("\\\n", " ").splitlines():
        pin, *options = entry.split("--hash=sha256:")
        if pin.strip() and not pin.startswith("#"):
            requirement = Requirement(pin.strip())
            (version,) = (specifier.version for specifier in requirement.specifier)
            yield _component(requirement.name, version, ComponentType.LIBRARY, [option.strip() for option in options])


def _component(name: str, version: str, kind: ComponentType, hashes: Iterable[str] = ()) -> Component:
    name = canonicalize_name(name)
    url = PackageURL("pypi", name=name, version=version)
    # One for each file of the version, of which an installation has one.
    files = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in hashes]
    source = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(url)), hashes=files)
    return Component(
        name=name,
        version=version,
        type=kind,
        purl=url,
        bom_ref=str(url),
        licenses=[LicenseFactory().make_from_string(licence) for licence in _licences(name)],
        external_references=[source] if files else [],
    )


def _licences(name: str) -> list[str]:
    """What the package says of its licence: an SPDX expression or, in older metadata, names or a line of text."""
    installed = _installed(name)
    if installed is None:
        return []
    said = installed.metadata
    if said["License-Expression"]:
        return [said["License-Expression"]]
    names = sorted({*LICENCE.findall("\n".join(said.get_all("Classifier", [])))})
    return names or [text for text in [said["License"]] if text and len(text) < LONGEST_NAME]


def _among(pinned: list[Component], requirements: Iterable[str]) -> list[Component]:
    names = {canonicalize_name(Requirement(requirement).name) for requirement in requirements}
    return [component for component in pinned if component.name in names]


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    version = re.findall(r'__version__ = "(.+)"', (ROOT / "adsplatform" / "__init__.py").read_text())[0]
    path = Path(sys.argv[1]) / f"ads-platform-{version}.cdx.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(JsonV1Dot6(bill_of_materials(version)).output_as_string(indent=2) + "\n")
    print(f"{path} lists what the release consists of.")
