"""Inspects files that are made in a test."""

import io
import zipfile
from datetime import date

from syncs.connectors.protocol import Limits
from syncs.import_profiles.drafts import Books
from syncs.import_profiles.inspection import Surroundings, inspect_files

TODAY = date(2026, 11, 30)
LIMITS = Limits(unpacked_bytes=10**9, ratio=1_000, entries=100, line_bytes=10**6)


def books(*names, own="OWN", keys=(), currency=""):
    """Books with companies of these names, and of these keys."""
    return Books(
        with_names=lambda asked: [name for name in asked if name in names],
        with_keys=lambda asked: [key for key in asked if key in keys],
        own_companies=(own,) if own else (),
        currency=currency,
    )


def inspected(content, name="export.csv", *, books=None, profiles=(), answers=None, limits=LIMITS):
    """The findings on the files of an upload; texts are written as UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    around = Surroundings(TODAY, limits, books or Books(), profiles, {name: answers or {}})
    return inspect_files(io.BytesIO(data), name, around)


def inspect_one(content, name="export.csv", **options):
    """The findings on the only file of an upload."""
    (one,) = inspected(content, name, **options)
    return one


def asked(one):
    """What is asked, with what is suggested."""
    return {question.id: question.suggest for question in one.file.ask}


def shown(one, id):
    return next(question.show for question in one.file.ask if question.id == id)


def zip_of(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return packed.getvalue()
