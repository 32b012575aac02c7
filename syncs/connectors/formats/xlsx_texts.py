"""The texts that the cells of a workbook share; many of them are in a file instead of in memory."""

from array import array
from typing import IO

from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.xlsx_cells import unescaped
from syncs.connectors.formats.xlsx_package import PartReader

# Texts beyond this size, in bytes, are in a temporary file.
TEXTS_IN_MEMORY = 32 * 1024**2
MAX_TEXTS = 10_000_000


class _TextFile:
    """Texts in a file, by number."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = array("Q")

    def __getitem__(self, place: int) -> str:
        start = self._ends[place - 1] if place else 0
        self._file.seek(start)
        return self._file.read(self._ends[place] - start).decode("utf-8", "surrogatepass")

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._file.seek(0, 2)
        self._file.write(data)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(data))


class Texts(PartReader):
    """The texts that cells share, by number; `file` is for those that are not in memory."""

    def __init__(self, longest: int, file: IO[bytes]) -> None:
        super().__init__(longest)
        self.file = file
        self.in_memory: list[str] = []
        self.memory_size = 0
        self.in_file: _TextFile | None = None
        self.is_text = self.is_phonetic = False
        self.pieces: list[str] = []
        self.length = 0
        self.parser.CharacterDataHandler = self._characters

    def __getitem__(self, place: int) -> str:
        if place < len(self.in_memory):
            return self.in_memory[place]
        if self.in_file is None:
            raise IndexError(place)
        return self.in_file[place - len(self.in_memory)]

    def __len__(self) -> int:
        return len(self.in_memory) + (0 if self.in_file is None else len(self.in_file))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self.pieces, self.length = [], 0
        elif name == "rPh":
            self.is_phonetic = True
        elif name == "t":
            self.is_text = not self.is_phonetic

    def end(self, name: str) -> None:
        if name == "t":
            self.is_text = False
        elif name == "rPh":
            self.is_phonetic = False
        elif name == "si":
            self._add(unescaped("".join(self.pieces)))

    def _characters(self, text: str) -> None:
        if self.is_text and self.length <= self.longest:
            self.pieces.append(text)
            self.length += len(text)

    def _add(self, text: str) -> None:
        if len(self) >= MAX_TEXTS:
            raise UnusableFile(
                "workbook_too_big",
                f"The workbook holds more than {MAX_TEXTS:,} different texts, the most that are read. "
                "Save the sheet as “CSV UTF-8”, then send that.",
            )
        if self.in_file is not None:
            self.in_file.append(text)
            return
        self.in_memory.append(text)
        self.memory_size += len(text) + 64
        if self.memory_size > TEXTS_IN_MEMORY:
            self.in_file = _TextFile(self.file)
