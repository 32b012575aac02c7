"""The part of the page *How is this file written?* that belongs to one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import QueryDict

from syncs.import_profiles.documents import parse
from syncs.import_profiles.inspected import InspectedFile, Preview, PreviewRecord, Reading
from syncs.import_profiles.layout_questions import KIND_CHOICES
from syncs.import_profiles.profile import ImportProfile, ProfileError
from syncs.inbox.column_cards import ColumnCard, ColumnChoices, ConstantRow
from syncs.inbox.field_names import FieldName, field_name
from syncs.inbox.question_fields import Option, QuestionField, in_words
from syncs.services.profile_previews import ReadSample

# The question of what a file holds, and those that do not depend on it.
KIND = "kind"
OF_ANY_KIND = (KIND, "encoding", "delimiter", "header")


@dataclass(frozen=True)
class PreviewTable:
    """The first records of one kind: the names of the fields, and a row of values for each record."""

    kind: str
    fields: tuple[FieldName, ...]
    rows: tuple[tuple[PreviewRecord, tuple[str, ...]], ...]


class FileForm:
    """One inspected file with its questions, columns and preview, and what was posted for it."""

    def __init__(
        self, number: int, file: InspectedFile, posted: QueryDict | None, refused: frozenset[str] = frozenset()
    ) -> None:
        """`refused` are the questions whose answers were none."""
        self.file = file
        # What the profile makes of the file, where it can be used.
        self.sample: ReadSample | None = None
        self.prefix = f"f{number}-"
        self._posted_kind = posted.get(f"{self.prefix}kind", "") if posted is not None else ""
        # What was chosen of another kind of record than the file is taken for now means nothing any more.
        is_of_kinds = posted is not None and posted.get(f"{self.prefix}kinds", self.kinds) == self.kinds
        of_kinds = posted if is_of_kinds else None
        self.questions = [
            QuestionField(self.prefix, one, posted if one.id in OF_ANY_KIND else of_kinds, one.id in refused)
            for one in file.ask
        ]
        self._shown_styles = posted.get(f"{self.prefix}shown-styles", "") if posted is not None else ""
        self._choices = ColumnChoices(self.prefix, file.columns, self.proposal, of_kinds, self._asked())

    @property
    def is_asked(self) -> bool:
        """Whether a person has to confirm how the file is written."""
        return self.file.reading is Reading.PROPOSAL

    @property
    def proposal(self) -> Mapping[str, Any]:
        return self.file.proposal or {}

    @cached_property
    def document(self) -> dict[str, Any]:
        """The proposed profile with what was chosen for its columns."""
        return self._choices.applied(self.proposal)

    @property
    def confirmed_document(self) -> dict[str, Any]:
        """The document to keep: with every question and its answer."""
        answers = [
            {
                "what": one.question.id,
                "answer": one.answer,
                "evidence": one.question.show or one.question.question,
            }
            for one in self.questions
        ]
        return {**self.document, "answers": answers}

    @property
    def answers(self) -> dict[str, Any]:
        """The answers so far, suggestions that nobody changed included.

        Of a file that is taken for another kind of record from now on, only those that do not depend on it.
        """
        answers = {one.question.id: one.answer for one in self.questions if one.is_answered}
        if any(option.is_chosen for option in self.other_kinds):
            answers[KIND] = self._posted_kind
        kinds = next((",".join(named) for value, _, named, _ in KIND_CHOICES if value == answers.get(KIND)), self.kinds)
        if kinds == self.kinds:
            return answers
        return {id: answer for id, answer in answers.items() if id in OF_ANY_KIND}

    @property
    def other_kinds(self) -> list[Option]:
        """What the file may hold besides what it was taken for; nothing where that is asked."""
        if not self.is_asked or any(one.question.id == KIND for one in self.questions):
            return []
        return [Option(value, label, value == self._posted_kind) for value, _, _, label in KIND_CHOICES]

    @property
    def kinds(self) -> str:
        """The kinds of record that the file is taken for, as one text."""
        return ",".join(self.file.kinds)

    @property
    def loads_nothing(self) -> bool:
        """Whether every line that was looked at would be rejected."""
        return self.sample is not None and 0 < self.preview.lines == self.preview.rejected

    @property
    def unanswered(self) -> list[QuestionField]:
        return [one for one in self.questions if not one.is_answered]

    @property
    def answered(self) -> list[QuestionField]:
        return [one for one in self.questions if one.is_answered]

    @cached_property
    def _parsed(self) -> tuple[ImportProfile | None, str]:
        """The profile, or why the document is none; neither while questions are open."""
        if self.unanswered or not self.is_asked:
            return None, ""
        try:
            return parse(self.document), ""
        except ProfileError as refused:
            return None, str(refused)

    @property
    def profile(self) -> ImportProfile | None:
        """The profile that would be confirmed, if it can be used."""
        return self._parsed[0]

    @property
    def problems(self) -> list[str]:
        """Why the profile cannot be used as it stands."""
        found = list(self._choices.problems) if self.document else []
        stopped = self.sample.stopped if self.sample else ""
        return [*found, *filter(None, (self._parsed[1], stopped))]

    @property
    def preview(self) -> Preview:
        """The file's lines as they stand, and what the profile makes of them."""
        return self.sample.preview(self.file.preview) if self.sample else self.file.preview

    @property
    def is_ready(self) -> bool:
        """Whether nothing is left to answer and the profile can be used."""
        return not self.is_asked or not (self.unanswered or self.problems)

    @property
    def is_seen(self) -> bool:
        """Whether the page that was sent had every question, and showed what comes of the styles that were chosen.

        A question that follows from an answer is to be seen first.
        """
        if not self.is_asked:
            return True
        return self._shown_styles == self.chosen_styles and all(one.posted is not None for one in self.questions)

    @property
    def chosen_styles(self) -> str:
        """All that was chosen of the columns' styles, as one text."""
        return self._choices.chosen_styles

    @property
    def cards(self) -> list[ColumnCard]:
        return self._choices.cards(self.document, self.sums_as_read)

    @property
    def constants(self) -> list[ConstantRow]:
        return self._choices.constants(self.document)

    @property
    def tables(self) -> list[PreviewTable]:
        return preview_tables(self.preview.records)

    @property
    def totals(self) -> list[tuple[FieldName, str, str]]:
        """The sums of the amounts that would be loaded: field, currency, sum."""
        totals = _with_separators(self.preview.totals)
        return [(field_name(name), currency, sum) for name, sums in totals.items() for currency, sum in sums.items()]

    @property
    def sums_as_read(self) -> dict[str, dict[str, str]]:
        """The sums of the amounts by field and currency, lines that would be rejected included."""
        return _with_separators(self.sample.totals_as_read() if self.sample else self.file.preview.totals)

    def _asked(self) -> frozenset[str]:
        """The columns and fields of which the questions decide."""
        asked = {f"{one.kind}.{one.field}" if one.kind else one.field for one in self.file.ask if one.field}
        return frozenset(asked | {one.column for one in self.file.ask if one.what == "column"})


def preview_tables(records: Sequence[PreviewRecord]) -> list[PreviewTable]:
    """The records as one table for each kind, with the fields that any of them has."""
    tables = []
    for kind in dict.fromkeys(record.kind for record in records):
        of_kind = [record for record in records if record.kind == kind]
        fields = tuple(dict.fromkeys(name for record in of_kind for name in record.values))
        rows = tuple(
            (record, tuple("" if (value := record.values.get(name)) is None else in_words(value) for name in fields))
            for record in of_kind
        )
        tables.append(PreviewTable(kind, tuple(field_name(f"{kind}.{name}") for name in fields), rows))
    return tables


def _with_separators(totals: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {code: f"{Decimal(sum):,f}" for code, sum in sums.items()} for name, sums in totals.items()}
