"""ZIP files that are refused: damaged, locked, too large, or not what they say."""

import io
import struct
import zipfile

import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError
from tests.connectors.reading import read, source, zipped

CSV = "erpKey,name\nI1,Acme\n"


def refused(content, **given):
    with pytest.raises(ConnectorError) as stopped:
        read(content, format="zip", file_name="books.zip", **given)
    assert len(str(stopped.value)) <= 200
    return stopped.value.code, str(stopped.value)


def test_a_zip_without_a_readable_file_fails_and_says_why():
    found = []
    packed = source(zipped({"a.pdf": "x"}), format="zip", file_name="books.zip")
    with pytest.raises(ConnectorError) as stopped:
        found.extend(connector_named("file-upload").rows(packed))
    assert [problem.code for problem in found] == ["unknown_format"]
    assert stopped.value.code == "zip_without_files"
    assert str(stopped.value) == (
        "The file “books.zip” holds no CSV, JSONL or XLSX file that can be read. "
        "Put at least one into it, then send it again."
    )


def flagged(files, flag=1):
    """A ZIP all of whose entries have a flag set, and whose content was not changed."""
    packed = bytearray(zipped(files))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = packed.find(signature)
        while place >= 0:
            packed[place + offset] |= flag
            place = packed.find(signature, place + 1)
    return bytes(packed)


@pytest.mark.parametrize("files", [{"a.csv": CSV}, {"a.csv": CSV, "b.csv": CSV}, {"a.csv": CSV, "~$b.xlsx": "x"}])
def test_a_password_on_all_files_is_told_once(files):
    found = []
    packed = source(flagged(files), format="zip", file_name="books.zip")
    with pytest.raises(ConnectorError) as stopped:
        found.extend(connector_named("file-upload").rows(packed))
    assert found == []
    assert stopped.value.code == "encrypted"
    files = "All 2 files in “books.zip” are" if "b.csv" in files else "The only file in “books.zip” is"
    assert str(stopped.value) == (
        f"{files} locked with a password, so nothing was loaded. Make the ZIP without a password, then send it again."
    )


def test_an_unusual_compression_of_all_files_is_told_once():
    code, message = refused(zipped({"a.csv": CSV, "b.csv": CSV, "c.csv": CSV}, zipfile.ZIP_BZIP2))
    assert code == "unknown_compression"
    assert message.startswith("All 3 files in “books.zip” are compressed in an unusual way, so nothing was loaded. ")


def test_different_causes_are_told_one_by_one():
    found = []
    packed = source(flagged({"a.csv": CSV, "b.pdf": "x"}), format="zip", file_name="books.zip")
    with pytest.raises(ConnectorError) as stopped:
        found.extend(connector_named("file-upload").rows(packed))
    assert [problem.code for problem in found] == ["encrypted", "unknown_format"]
    assert stopped.value.code == "zip_without_files"


def test_a_zip_of_nothing_fails():
    assert refused(zipped({}))[0] == "zip_without_files"


def test_another_kind_of_file_that_is_named_like_a_zip_is_told_as_such():
    assert refused(b"%PDF-1.4\n") == (
        "zip_damaged",
        "The file “books.zip” is not a ZIP file: it seems to be a PDF. Put CSV, JSONL or XLSX files into one, then "
        "send it again.",
    )


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x05\x06", zipped({"a.csv": CSV * 99})[:-30]])
def test_a_file_that_is_not_a_zip_fails(content):
    assert refused(content) == (
        "zip_damaged",
        "The file “books.zip” is not a ZIP file or is damaged. Make it again, then send it again.",
    )


def test_a_damaged_file_in_a_zip_fails():
    packed = bytearray(zipped({"invoices.csv": CSV * 50}, zipfile.ZIP_STORED))
    packed[100] ^= 0xFF
    assert refused(bytes(packed)) == (
        "zip_damaged",
        "The file “invoices.csv” in “books.zip” is damaged and cannot be unpacked to its end. "
        "Make the ZIP again, then send it again.",
    )


@pytest.mark.parametrize("said", [40, 10**9])
def test_a_file_with_a_wrong_size_in_the_directory_fails(said):
    packed = bytearray(zipped({"invoices.csv": CSV * 50}))
    for mark, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", packed, packed.find(mark) + size, said)
    assert refused(bytes(packed))[0] == "zip_damaged"


def test_too_many_files_are_refused():
    assert refused(zipped({f"{number}.csv": CSV for number in range(4)}), entries=3) == (
        "zip_entries",
        "The file “books.zip” holds 4 files; at most 3 are read. Put fewer files into it.",
    )


def test_far_too_many_files_are_refused_before_their_list_is_read():
    packed = zipped({f"{number}.csv": "" for number in range(3_000)})
    assert refused(packed, entries=3) == (
        "zip_entries",
        "The file “books.zip” holds too many files; at most 3 are read. Put fewer files into it.",
    )


def test_too_much_data_is_refused():
    assert refused(zipped({"a.csv": CSV * 50, "b.csv": CSV * 50}), unpacked_bytes=1_500) == (
        "zip_too_big",
        "The file “books.zip” unpacks to more than 1.465 KB, the most that is read. Split it into several files.",
    )


def test_a_zip_bomb_is_refused():
    assert refused(zipped({"a.csv": b"x\n" + b"0" * 30_000_000}), line_bytes=10_000) == (
        "zip_ratio",
        "The file “books.zip” unpacks to more than 200 times its size, as no real data do. "
        "Send the files without the ZIP.",
    )


def test_files_that_overlap_are_refused():
    packed = bytearray(zipped({"a.csv": CSV * 200, "b.csv": CSV * 200}))
    second = packed.rfind(b"PK\x01\x02")
    struct.pack_into("<I", packed, second + 42, 10)
    assert refused(bytes(packed)) == (
        "zip_overlapping",
        "The file “books.zip” has files that overlap each other, as no program that makes ZIP files does. "
        "Make the ZIP again.",
    )


class Unseekable(io.BytesIO):
    """As a pipe, to which zipfile writes the sizes of an entry after it."""

    def seekable(self):
        return False

    def tell(self):
        raise OSError

    def seek(self, *_):
        raise OSError


def streamed(files):
    packed = Unseekable()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            with archive.open(name, "w") as entry:
                entry.write(text.encode())
    return packed.getvalue()


def without_listing_the_first(files):
    """A ZIP whose directory leaves out its first entry."""
    packed = bytearray(zipped(files))
    first = packed.find(b"PK\x01\x02")
    second = packed.find(b"PK\x01\x02", first + 1)
    del packed[first:second]
    end = packed.rfind(b"PK\x05\x06")
    count, size = len(files) - 1, end - first
    struct.pack_into("<HHI", packed, end + 8, count, count, size)
    return bytes(packed)


LISTED = {"invoices.csv": CSV, "companies.csv": CSV}


@pytest.mark.parametrize(
    "content",
    [
        zipped({"contacts.csv": CSV}) + zipped(LISTED),
        b"erpKey,name\nI9,Bolt\n" + zipped(LISTED),
        zipped(LISTED) + b"erpKey,name\nI9,Bolt\n",
        without_listing_the_first({"contacts.csv": CSV} | LISTED),
        streamed({"contacts.csv": CSV}) + streamed(LISTED),
        bytes(99_999) + zipped(LISTED),
    ],
    ids=["another ZIP", "text in front", "text behind", "an entry left out", "streamed ZIPs", "too many zeros"],
)
def test_what_the_directory_does_not_list_is_a_problem(content):
    blocks, problems = read(content, format="zip", file_name="books.zip")
    assert [block.name for block in blocks] == ["invoices", "companies"]
    assert [(problem.kind, problem.line, problem.code) for problem in problems] == [("error", None, "zip_unlisted")]


@pytest.mark.parametrize(
    "content",
    [
        streamed(LISTED),
        b"MZ\x90\0 this program unpacks itself" + zipped(LISTED),
        bytes(512) + zipped(LISTED) + bytes(512),
        zipped(LISTED) + b"\r\n",
        zipped({"empty/": ""} | LISTED, zipfile.ZIP_STORED),
    ],
    ids=["streamed", "self-extracting", "padding", "a line end behind", "a folder"],
)
def test_what_holds_no_data_is_no_problem(content):
    blocks, problems = read(content, format="zip", file_name="books.zip")
    assert ([block.name for block in blocks], problems) == (["invoices", "companies"], [])
