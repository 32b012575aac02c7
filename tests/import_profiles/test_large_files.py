"""Of a large file, an inspection reads its ends and some parts between them; of one in a ZIP, its beginning."""

import io

import pytest

from syncs.import_profiles import file_readers
from syncs.import_profiles.inspected import Reading
from syncs.import_profiles.inspection import Surroundings, TakesTooLong, inspect_files
from syncs.import_profiles.proposal import complete
from syncs.import_profiles.sampling import EDGE_BYTES, SLICE_BYTES, SLICES, WHOLE_BYTES
from tests.import_profiles.inspecting import LIMITS, TODAY, asked, books, inspect_one, zip_of
from tests.import_profiles.test_layouts import workbook

HEAD = "Rechnungsnr;Kundennr;Rechnungsdatum;Brutto;Währung\n"
ROW = "{:09d};K1;05.04.2025;1.000;EUR\n"
SIZE = 1_000_000_000


def around(**options):
    return Surroundings(TODAY, LIMITS, books(), **options)


class HugeFile(io.RawIOBase):
    """A file of equal lines that is never stored; counts what is read of it. `last` is its last line."""

    def __init__(self, last):
        row = ROW.format(7).encode()
        self.start, self.row, self.last = HEAD.encode(), row, last.encode()
        self.size, self.place, self.count = SIZE, 0, 0

    def seek(self, place, whence=0):
        self.place = self.size + place if whence == 2 else place
        return self.place

    def read(self, size=-1):
        end = self.size if size < 0 else min(self.size, self.place + size)
        wanted = end - self.place
        offset = (self.place - len(self.start)) % len(self.row)
        if self.place == 0:
            data = (self.start + self.row * (wanted // len(self.row) + 1))[:wanted]
        else:
            data = (self.row * (wanted // len(self.row) + 2))[offset : offset + wanted]
        if end == self.size:
            data = data[: len(data) - len(self.last) - 1] + b"\n" + self.last
        self.place, self.count = end, self.count + len(data)
        return data


def inspected(last):
    file = HugeFile(last)
    (one,) = inspect_files(file, "huge.csv", Surroundings(TODAY, LIMITS, books()))
    return file, one


def test_little_is_read_of_a_huge_file():
    file, one = inspected(ROW.format(8))
    assert file.count <= 2 * EDGE_BYTES + SLICES * SLICE_BYTES + 100
    assert not one.file.is_whole
    assert asked(one)["numbers:Brutto"] is None
    assert one.file.preview.first_lines[0] == (1, HEAD.rstrip())


def test_the_end_of_a_huge_file_is_evidence():
    _, one = inspected("000000009;K1;31.12.2025;2.000,50;EUR\n")
    assert "numbers:Brutto" not in asked(one)
    assert "dates:Rechnungsdatum" not in asked(one)
    assert "Decimal comma: “2.000,50” decides" in " ".join(one.file.told)
    assert one.file.preview.last_lines[-1] == (0, "000000009;K1;31.12.2025;2.000,50;EUR")


def test_only_the_beginning_of_a_large_file_in_a_zip_is_unpacked():
    text = HEAD + "".join(ROW.format(place) for place in range(WHOLE_BYTES // len(ROW) + 50_000))
    one = inspect_one(zip_of(lines__csv=text), "lines.zip", books=books(), answers={})
    assert not one.file.is_whole
    assert one.file.recognised == 5


def test_a_whole_file_makes_a_profile_as_a_small_one_does():
    text = HEAD + "".join(f"{n:09d};K1;{n % 28 + 1:02d}.04.2025;{n}.000,25;EUR\n" for n in range(1, 2_000))
    one = inspect_one(text, books=books())
    assert one.file.is_whole
    assert complete(one.proposal, {}).styles.decimal == ","


def test_of_many_files_each_is_looked_at_and_little_of_most(monkeypatch):
    monkeypatch.setattr(file_readers, "LITTLE_BYTES", 400)
    text = HEAD + "".join(ROW.format(number) for number in range(60))
    files = zip_of(**{f"f{number}.csv": text for number in range(4)})
    found = inspect_files(io.BytesIO(files), "b.zip", around(budget=file_readers.Budget(bytes=len(text) + 900)))
    assert [one.file.reading for one in found] == [Reading.PROPOSAL] * 4
    assert [one.file.is_whole for one in found] == [True, False, False, False]


def test_of_many_sheets_each_is_looked_at_and_few_cells_of_most(monkeypatch):
    monkeypatch.setattr(file_readers, "LITTLE_CELLS", 60)
    rows = [["Rechnungsnr", "Kundennr", "Brutto"], *([f"R{number}", "K1", "1.000,50"] for number in range(300))]
    book = workbook(**{f"S{number}": rows for number in range(4)})
    found = inspect_files(io.BytesIO(book), "b.xlsx", around(budget=file_readers.Budget(cells=1_000)))
    assert [one.file.reading for one in found] == [Reading.PROPOSAL] * 4
    assert [one.proposal.table.height for one in found] == [300, 31, 19, 19]


def test_an_inspection_of_many_files_ends_in_time():
    files = zip_of(**{f"f{number}.csv": HEAD + ROW.format(1) for number in range(3)})
    with pytest.raises(TakesTooLong):
        inspect_files(io.BytesIO(files), "b.zip", around(seconds=0))
