"""Malicious uploads, loaded for real: each fails within a time limit, with a sentence, with little memory, and without
writing any file.
"""

import gc
import gzip
import io
import stat
import struct
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.connectors.reading import zipped
from tests.loading.bad_inputs import COMPANY, GOOD, overlapping, with_flag
from tests.samples.sheets import sheet, workbook

MEGABYTE = 1024**2


def nested(depth: int) -> bytes:
    packed = zipped(GOOD)
    for _ in range(depth):
        packed = zipped({"inner.zip": packed})
    return packed


def quoted(copies: int) -> bytes:
    """A small ZIP that unpacks to any size: many entries of its directory point at the same bytes."""
    packed = bytearray(zipped({f"{number}.csv": COMPANY + "\n" for number in range(copies)}, zipfile.ZIP_STORED))
    at = packed.find(b"PK\x01\x02")
    while at >= 0:
        packed[at + 42 : at + 46] = bytes(4)
        at = packed.find(b"PK\x01\x02", at + 4)
    return bytes(packed)


def with_aes() -> bytes:
    """A ZIP with AES encryption: method 99, flagged as encrypted."""
    packed = bytearray(with_flag(GOOD, 6, 1))
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", packed, packed.find(signature) + offset, 99)
    return bytes(packed)


def with_links() -> bytes:
    """A ZIP with symbolic links, and with names that lead out of the folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("contacts.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        for name in ("../../evil/payments.csv", "/evil/invoices.csv", "C:\\evil\\companies.csv", "a\\..\\..\\evil.csv"):
            archive.writestr(name, "erpKey\nX1\n")
    return packed.getvalue()


BOMBS = {
    "zeros": (lambda: zipped({"companies.csv": b"0" * 60 * MEGABYTE}), "books.zip", "zip_ratio"),
    "lines": (lambda: zipped({"companies.csv": COMPANY + "\n" * 15 * MEGABYTE}), "books.zip", "zip_ratio"),
    "overlapping": (overlapping, "books.zip", "zip_overlapping"),
    "quoted": (lambda: quoted(900), "books.zip", "zip_overlapping"),
    "zip in zip in zip in zip": (lambda: nested(3), "books.zip", "zip_without_files"),
    "65,536 entries": (lambda: zipped({f"{n}.csv": "" for n in range(65_536)}), "books.zip", "zip_entries"),
    "no end record": (lambda: zipped(GOOD)[:-22], "books.zip", "zip_damaged"),
    "AES": (with_aes, "books.zip", "encrypted"),
    "gzip": (lambda: gzip.compress(b"0" * 5 * MEGABYTE), "companies.csv.gz", "unknown_format"),
    "workbook": (
        lambda: workbook(sheet(["erpKey"], *([[" " * 30_000]] * 1_000))), "company.xlsx", "zip_ratio",
    ),
    "workbook in a zip": (
        lambda: zipped({"company.xlsx": workbook(sheet(["erpKey"], *([[" " * 30_000]] * 1_000)))}),
        "books.zip", "zip_ratio",
    ),
    "links and paths": (with_links, "books.zip", "profile_needed"),
    "five million columns": (lambda: b"," * 5_000_000, "companies.csv", "header_blank"),
    "a line without end": (lambda: b"erpKey,city\nC1," + b"x" * 25 * MEGABYTE, "companies.csv", "line_too_long"),
    "deep JSON": (lambda: b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000, "companies.jsonl", "bad_json"),
    "NUL": (lambda: f"{COMPANY}\nC1,A\0,Customer,true\n".encode(), "companies.csv", "nul_character"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_it_fails_quickly_with_a_sentence_and_little_memory(uploads, tmp_path, name):
    make, file_name, code = BOMBS[name]
    asked = uploads.ask(make(), file_name)
    before, start = everything_in(tmp_path), time.process_time()
    with measured_memory() as measured:
        result = uploads.run(asked)
    assert result.status_code == "Failed"
    assert result.process_result_message.endswith(".")
    codes = set(result.details.values_list("code", flat=True))
    assert not code or code in codes
    assert "our_fault" not in codes
    assert measured.peak < 200 * MEGABYTE
    assert time.process_time() - start < 15
    assert everything_in(tmp_path) == before
    assert not Path("/evil").exists()


@contextmanager
def measured_memory():
    """How far the memory of this process rises in the block, by the peak that Linux records and can reset."""
    measured = SimpleNamespace(peak=0)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = highest_memory()
    yield measured
    measured.peak = highest_memory() - before


def highest_memory() -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def everything_in(folder):
    return sorted(folder.rglob("*"))
