"""What an inspection found out about a file: how it seems to be written, what must be asked, and how it would be read.

`to_json` of these classes is the answer of `POST /api/v1/Sync/zip/inspect`, and what the Inbox shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

# A value as JSON holds it: texts, numbers, true and false, lists and objects of them.
Json: TypeAlias = Any
# What a person answered: the question's `id` → the value of a choice, or a value of their own.
Answers: TypeAlias = Mapping[str, Json]


class Verdict(StrEnum):
    """How far a finding goes."""

    SURE = "sure"  # proven, and shown without being asked
    LIKELY = "likely"  # filled in, and asked
    OPEN = "open"  # asked, with nothing filled in
    MIXED = "mixed"  # written in two ways, so that neither can be used
    REFUSED = "refused"  # cannot be what it should be


class Reading(StrEnum):
    """How a file would be read."""

    STRICT = "strict"  # by our own column names, as without a profile
    PROFILE = "profile"  # by a profile of the enrollment
    PROPOSAL = "proposal"  # by the proposal, once its questions are answered
    UNREADABLE = "unreadable"  # not at all, for the reason in `told`


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer: its value, and a label for people."""

    value: Json
    label: str

    def to_json(self) -> dict[str, Json]:
        return {"value": self.value, "label": self.label}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a person has to confirm (a suggestion is filled in) or to answer (it is open).

    `what` is header, kind, layout, column, dates, numbers, booleans, values, constant, reference, key, tax, rate,
    amount, encoding, delimiter or empty. The answer is the value of one of the `choices`; where `is_free`, any other
    text as well; where there are `words`, an object with a value for each of them.
    """

    id: str
    what: str
    question: str
    verdict: Verdict
    suggest: Json = None
    show: str = ""
    column: str = ""
    kind: str = ""
    field: str = ""
    choices: tuple[Choice, ...] = ()
    is_free: bool = False
    words: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.verdict is not Verdict.LIKELY

    def to_json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "what": self.what,
            "question": self.question,
            "verdict": str(self.verdict),
            "suggest": self.suggest,
            "show": self.show,
            "column": self.column,
            "kind": self.kind,
            "field": self.field,
            "choices": [choice.to_json() for choice in self.choices],
            "isFree": self.is_free,
            "words": list(self.words),
        }


@dataclass(frozen=True, slots=True)
class InspectedColumn:
    """A column of the file: where it goes (“Invoice.totalAmount”), its style, and what shows it."""

    name: str
    fields: tuple[str, ...] = ()
    verdict: Verdict = Verdict.OPEN
    is_ignored: bool = False
    style: str = ""
    evidence: str = ""
    samples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "fields": list(self.fields),
            "verdict": str(self.verdict),
            "isIgnored": self.is_ignored,
            "style": self.style,
            "evidence": self.evidence,
            "samples": list(self.samples),
        }


@dataclass(frozen=True, slots=True)
class PreviewRecord:
    """A record as it would be loaded, and the line that it comes from."""

    kind: str
    line: int
    values: Mapping[str, Json]
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {"kind": self.kind, "line": self.line, "values": dict(self.values), "problems": list(self.problems)}


@dataclass(frozen=True, slots=True)
class Preview:
    """The file's first and last lines as they stand, and the first records as they would be read.

    `rejected` counts the lines of the sample that would be rejected, `deletes` those that delete their record
    (onMatchAction 2) if the upload lets its lines delete, and `totals` are the sums of the amounts by
    field and currency: {"Invoice.totalAmount": {"EUR": "15914.16"}}.
    """

    first_lines: tuple[tuple[int, str], ...] = ()
    last_lines: tuple[tuple[int, str], ...] = ()
    records: tuple[PreviewRecord, ...] = ()
    lines: int = 0
    rejected: int = 0
    deletes: int = 0
    totals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        return {
            "firstLines": [{"line": line, "text": text} for line, text in self.first_lines],
            "lastLines": [{"line": line, "text": text} for line, text in self.last_lines],
            "records": [record.to_json() for record in self.records],
            "lines": self.lines,
            "rejected": self.rejected,
            "deletes": self.deletes,
            "totals": {name: dict(sums) for name, sums in self.totals.items()},
        }


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """One file, or one sheet of a workbook."""

    file: str
    format: str
    reading: Reading
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    # The numbers of the lines of the header, and the names of the columns.
    header: tuple[int, ...] = ()
    columns: tuple[InspectedColumn, ...] = ()
    kinds: tuple[str, ...] = ()
    # The name of the profile by which it would be read.
    profile: str = ""
    summary: str = ""
    told: tuple[str, ...] = ()
    ask: tuple[Question, ...] = ()
    preview: Preview = Preview()
    # The proposed profile as a document; what is still open is absent from it.
    proposal: Mapping[str, Json] | None = None
    # Whether every line was looked at; of a large file only parts are.
    is_whole: bool = True

    @property
    def recognised(self) -> int:
        """The number of columns that fill a field."""
        return sum(1 for column in self.columns if column.fields)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """The questions without which the file cannot be read."""
        return tuple(question for question in self.ask if question.is_open)

    def to_json(self) -> dict[str, Json]:
        return {
            "file": self.file,
            "sheet": self.sheet,
            "format": self.format,
            "reading": str(self.reading),
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "header": list(self.header),
            "kinds": list(self.kinds),
            "profile": self.profile,
            "columnCount": len(self.columns),
            "recognisedColumnCount": self.recognised,
            "summary": self.summary,
            "told": list(self.told),
            "ask": [question.to_json() for question in self.ask],
            "columns": [column.to_json() for column in self.columns],
            "preview": self.preview.to_json(),
            "proposal": None if self.proposal is None else dict(self.proposal),
            "isWhole": self.is_whole,
        }


@dataclass(frozen=True, slots=True)
class Inspection:
    """All files of an upload."""

    files: Sequence[InspectedFile]

    @property
    def needs_answers(self) -> bool:
        """Whether a person has to say how a file is written before the upload can be loaded."""
        return any(file.reading is Reading.PROPOSAL for file in self.files)

    def to_json(self) -> dict[str, Json]:
        return {"needsAnswers": self.needs_answers, "files": [file.to_json() for file in self.files]}
