"""The fields in which a person answers one question about a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import QueryDict

from syncs.import_profiles.inspected import Choice, Question

# The value of the field that stands for “another text”.
OTHER = "other"
# Up to so many choices are shown as radio buttons, more as a list.
RADIO_CHOICES = 5


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list, and whether it is chosen."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass
class ChoiceField:
    """One value to choose or to write: that of a question or of one word of it."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    is_free: bool
    suggest: Any = None
    posted: QueryDict | None = None

    @property
    def other_name(self) -> str:
        return f"{self.name}-{OTHER}"

    @cached_property
    def all_choices(self) -> tuple[Choice, ...]:
        """The choices, and the suggestion where it is none of them and could not be written either."""
        known = [as_json(one.value) for one in self.choices]
        is_missing = self.suggest is not None and as_json(self.suggest) not in known
        if is_missing and (not self.is_free or not isinstance(self.suggest, str)):
            return (Choice(self.suggest, in_words(self.suggest)), *self.choices)
        return self.choices

    @cached_property
    def chosen(self) -> str:
        """The chosen option: the value of a choice as JSON, OTHER, or "" for none."""
        if self.posted is not None:
            given = self.posted.get(self.name, "" if self.all_choices else OTHER)
            return given if given in (OTHER, *self._values) else ""
        if self.suggest is None:
            return "" if self.all_choices else OTHER
        wanted = as_json(self.suggest)
        return wanted if wanted in self._values else OTHER

    @cached_property
    def other_text(self) -> str:
        """The text that was written instead of a choice."""
        if self.posted is not None:
            return self.posted.get(self.other_name, "").strip()
        return self.suggest if self.chosen == OTHER and isinstance(self.suggest, str) else ""

    @property
    def options(self) -> list[Option]:
        return [
            Option(value, one.label, self.chosen == value)
            for value, one in zip(self._values, self.all_choices, strict=True)
        ]

    @cached_property
    def _values(self) -> list[str]:
        return [as_json(one.value) for one in self.all_choices]

    @property
    def has_radios(self) -> bool:
        return 0 < len(self.all_choices) <= RADIO_CHOICES

    @property
    def is_other(self) -> bool:
        return self.chosen == OTHER

    @property
    def is_answered(self) -> bool:
        if self.chosen == OTHER:
            return self.is_free and bool(self.other_text)
        return self.chosen != ""

    @property
    def value(self) -> Any:
        """The answer; meaningful where there is one."""
        return self.other_text if self.chosen == OTHER else json.loads(self.chosen)


@dataclass
class QuestionField:
    """A question with its answer so far: what was posted, else what is suggested."""

    prefix: str
    question: Question
    posted: QueryDict | None = None
    # Whether the posted answer was none, so that it has to be given again.
    is_refused: bool = False
    fields: list[ChoiceField] = field(init=False)

    def __post_init__(self) -> None:
        question, name = self.question, self.name
        # A question that follows from other answers was not in the form yet.
        if self.posted is not None and question.id not in self.posted.getlist(f"{self.prefix}shown"):
            self.posted = None
        suggest = None if question.is_open else question.suggest
        if question.words:
            by_word: Mapping[str, Any] = suggest if isinstance(suggest, Mapping) else {}
            self.fields = [
                ChoiceField(f"{name}-{at}", word, question.choices, question.is_free, by_word.get(word), self.posted)
                for at, word in enumerate(question.words)
            ]
        else:
            self.fields = [
                ChoiceField(name, question.question, question.choices, question.is_free, suggest, self.posted)
            ]

    @property
    def name(self) -> str:
        return f"{self.prefix}q-{self.question.id}"

    @property
    def is_answered(self) -> bool:
        return not self.is_refused and all(one.is_answered for one in self.fields)

    @property
    def answer(self) -> Any:
        """The answer as `complete` expects it."""
        if self.question.words:
            return {one.label: one.value for one in self.fields}
        return self.fields[0].value


def in_words(value: Any) -> str:
    """A value of a suggestion as people read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {in_words(one)}" for name, one in value.items())
    return str(value)


def as_json(value: Any) -> str:
    """A value as a form sends it; true is not 1."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
