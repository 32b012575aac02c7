"""ZIP files: which of their files are read, and what is said of the others."""

import io
import random
import time
import tracemalloc
import zipfile

import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import Columns, ConnectorError, RowProblem, Rows
from tests.connectors.reading import read, source, zipped

CSV = "erpKey,name\nI1,Acme\n"


def test_every_file_of_a_known_kind_is_read():
    blocks, problems = read(
        zipped(
            {
                "Invoice.csv": CSV,
                "contacts.TXT": CSV,
                "payments.tsv": "erpKey\tname\nI1\tAcme\n",
                "companies.jsonl": '{"erpKey": "I1"}',
                "a.ndjson": '{"erpKey": "I1"}',
                "b.JSON": '{"erpKey": "I1"}',
            }
        ),
        format="zip",
    )
    assert problems == []
    assert [(block.name, block.file) for block in blocks] == [
        ("Invoice", "Invoice.csv"),
        ("contacts", "contacts.TXT"),
        ("payments", "payments.tsv"),
        ("companies", "companies.jsonl"),
        ("a", "a.ndjson"),
        ("b", "b.JSON"),
    ]


@pytest.mark.parametrize(
    "path",
    ["/tmp/x/invoices.csv", "C:\\Users\\me\\Temp\\invoices.csv", "a\\..\\invoices.csv", "../../invoices.csv"],
)
def test_a_path_is_only_its_last_part(path):
    blocks, _ = read(zipped({path: CSV}), format="zip")
    assert [(block.name, block.file) for block in blocks] == [("invoices", "invoices.csv")]


def test_a_name_has_no_character_that_cannot_be_seen():
    (block,), _ = read(zipped({"a/invoices\u202e\x85.csv": CSV, "b/invoices.csv": ""}), format="zip")
    assert block.file == "a/invoices.csv"


def test_files_of_the_same_name_are_named_with_their_folders():
    blocks, _ = read(zipped({"2023/invoices.csv": CSV, "2024/invoices.csv": CSV, "c.csv": CSV}), format="zip")
    assert [(block.name, block.file) for block in blocks] == [
        ("invoices", "2023/invoices.csv"),
        ("invoices", "2024/invoices.csv"),
        ("c", "c.csv"),
    ]


def test_files_that_operating_systems_add_are_ignored():
    blocks, problems = read(
        zipped(
            {
                "folder/": "",
                "__MACOSX/._invoices.csv": "x",
                "folder/.DS_Store": "x",
                "Thumbs.db": "x",
                "folder/._invoices.csv": "x",
                "folder/invoices.csv": CSV,
            }
        ),
        format="zip",
    )
    assert problems == []
    assert [block.file for block in blocks] == ["invoices.csv"]


@pytest.mark.parametrize(("name", "stem"), [("invoices.pdf", "invoices"), (".csv", ".csv")])
def test_a_file_of_another_kind_is_a_problem_under_its_name_and_the_rest_is_read(name, stem):
    blocks, problems = read(zipped({name: "x", "companies.csv": CSV}), format="zip")
    assert problems == [
        RowProblem(
            stem,
            name,
            None,
            "unknown_format",
            f"The file “{name}” is neither CSV, JSONL nor XLSX, so nothing was loaded from it. "
            "Save it as “CSV UTF-8”, then send it again.",
        )
    ]
    assert [block.name for block in blocks] == ["companies"]


def test_a_file_without_an_ending_is_a_problem_that_says_how_to_name_it():
    blocks, [problem] = read(zipped({"folder/contacts": CSV, "companies.csv": CSV}), format="zip")
    assert (problem.name, problem.file, problem.line, problem.code) == ("contacts", "contacts", None, "unknown_format")
    assert problem.message == (
        "The file “contacts” has no ending that says what kind of file it is, so nothing was loaded from it. If it is "
        "CSV, name it contacts.csv, then send it again."
    )
    assert [block.name for block in blocks] == ["companies"]


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (CSV.encode(), "If it is CSV, name it companies.csv"),
        (b"\xef\xbb\xbferpKey;name\n", "If it is CSV, name it companies.csv"),
        (b'{"erpKey": "I1"}\n', "If it is JSON lines, name it companies.jsonl"),
        (b"", "If it is CSV, name it companies.csv"),
    ],
)
def test_an_upload_without_an_ending_is_told_how_to_name_it(content, advice):
    with pytest.raises(ConnectorError) as stopped:
        read(content, format="zip", file_name="companies")
    assert stopped.value.code == "unknown_format"
    assert str(stopped.value) == (
        "The file “companies” has no ending that says what kind of file it is, so nothing was loaded from it. "
        f"{advice}, then send it again."
    )


@pytest.mark.parametrize(
    ("content", "code"), [(b"%PDF-1.7", "unknown_format"), (zipped({"a.csv": CSV * 99})[:-30], "zip_damaged")]
)
def test_an_upload_without_an_ending_that_is_no_text_is_not_to_be_named_csv(content, code):
    with pytest.raises(ConnectorError) as stopped:
        read(content, format="zip", file_name="companies")
    assert stopped.value.code == code
    assert "companies.csv" not in str(stopped.value)


@pytest.mark.parametrize(
    "name", ["~$companies.xlsx", "folder/~$Invoices.xlsx", ".~lock.companies.ods#", ".Trashes/x.csv", "ehthumbs.db"]
)
def test_files_that_programs_leave_behind_are_ignored(name):
    blocks, problems = read(zipped({name: b"\x05owner" + bytes(150), "companies.csv": CSV}), format="zip")
    assert problems == []
    assert [block.name for block in blocks] == ["companies"]


def test_a_large_file_named_like_a_lock_file_is_not_ignored():
    _, [problem] = read(zipped({"~$companies.xlsx": "x" * 2_000, "companies.csv": CSV}), format="zip")
    assert problem.code == "workbook_damaged"


def test_a_zip_in_the_zip_is_not_opened():
    _, [problem] = read(zipped({"more.zip": zipped({"a.csv": CSV}), "companies.csv": CSV}), format="zip")
    assert problem.code == "unknown_format"
    assert problem.message == (
        "The file “more.zip” is packed once more, so nothing was loaded from it. "
        "Put what it holds straight into the ZIP, then send it again."
    )


def test_an_encrypted_file_is_a_problem_and_the_rest_is_read():
    packed = bytearray(zipped({"invoices.csv": CSV, "companies.csv": CSV}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.find(mark) + flags] |= 1
    blocks, [problem] = read(bytes(packed), format="zip")
    assert (problem.name, problem.file, problem.line, problem.code) == (
        "invoices",
        "invoices.csv",
        None,
        "encrypted",
    )
    assert problem.message == (
        "The file “invoices.csv” is locked with a password, so nothing was loaded from it. "
        "Make the ZIP without a password, then send it again."
    )
    assert [block.name for block in blocks] == ["companies"]


def test_a_file_of_unusual_compression_is_a_problem():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("invoices.csv", CSV, zipfile.ZIP_BZIP2)
        archive.writestr("companies.csv", CSV)
    blocks, [problem] = read(packed.getvalue(), format="zip")
    assert (problem.code, problem.message) == (
        "unknown_compression",
        "The file “invoices.csv” is compressed in an unusual way, so nothing was loaded from it. "
        "Make the ZIP with the ordinary method (Deflate), then send it again.",
    )
    assert [block.name for block in blocks] == ["companies"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("invoices.pdf", b"%PDF", "is neither CSV, JSONL nor XLSX, so nothing was loaded from it. "
         "Save it as “CSV UTF-8”"),
        ("invoices.ods", zipped({"a": ""}), "is a workbook of another kind than XLSX, so nothing was loaded from it. "
         "Save it as “Excel workbook”"),
        ("books.tar.gz", b"\x1f\x8b", "is packed in another way than ZIP, so nothing was loaded from it. "
         "Pack what it holds as ZIP"),
    ],
)  # fmt: skip
def test_a_single_file_of_another_kind_fails_with_advice(name, content, sentence):
    with pytest.raises(ConnectorError) as stopped:
        read(content, format="zip", file_name=name)
    assert (stopped.value.code, stopped.value.file) == ("unknown_format", name)
    assert str(stopped.value) == f"The file “{name}” {sentence}, then send it again."


def test_a_single_damaged_workbook_is_reported_as_a_workbook():
    for content in (b"no workbook", zipped({"a.csv": CSV}), zipped({"a.csv": CSV})[:-30]):
        _, (problem,) = read(content, format="zip", file_name="invoices.xlsx")
        assert problem.code == "workbook_damaged"


def test_a_small_file_may_have_any_compression_ratio():
    blocks, _ = read(zipped({"a.csv": "name\n" + "x\n" * 1_000_000}), format="zip")
    assert sum(map(len, blocks)) == 1_000_000


def test_a_single_file_is_named_by_itself():
    blocks, _ = read(CSV, format="csv", file_name="Payment.csv")
    assert (blocks[0].name, blocks[0].file) == ("Payment", "Payment.csv")


def test_memory_is_bounded_by_the_block_not_by_the_file():
    numbers = random.Random(1)
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("invoices.csv", "w") as entry,
    ):
        entry.write(b"erpKey,name,total\n")
        for _ in range(50):
            entry.write(b"".join(b"%d,%s,%d\n" % (numbers.getrandbits(40), b"x" * 980, 5) for _ in range(1_024)))
    tracemalloc.start()
    started = time.process_time()
    rows = 0
    for block in connector_named("file-upload").rows(source(packed, format="zip")):
        rows += len(block) if isinstance(block, (Rows, Columns)) else 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 51_200
    assert peak < 30 * 1024**2
    assert time.process_time() - started < 10
