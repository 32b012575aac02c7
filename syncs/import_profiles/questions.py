"""The questions of a proposal while it is made, with the answers that were already given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from adsplatform.records.checks import quoted
from syncs.import_profiles.inspected import Answers, Choice, Json, Question, Verdict


class AnswerError(Exception):
    """An answer that does not fit its question, or one that is missing; `str()` is a sentence."""

    def __init__(self, message: str, *, question: str = "") -> None:
        super().__init__(message)
        self.question = question


@dataclass(slots=True)
class Asker:
    """Collects questions. An answered one is kept, with the answer in place of the suggestion."""

    answers: Answers
    questions: list[Question] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def ask(self, question: Question) -> Json:
        """The answer if there is one, else the suggestion; None while the question is open."""
        if question.id in self.answers:
            answer = _checked(question, self.answers[question.id])
            question = replace(question, suggest=answer, verdict=Verdict.LIKELY)
        self.questions.append(question)
        return None if question.is_open else question.suggest

    def answer(self, id: str, default: Json = None) -> Json:
        """The answer to something that need not be a question, such as the field of a column."""
        return self.answers.get(id, default)

    def tell(self, sentence: str) -> None:
        """Say something that is not asked, once."""
        if sentence not in self.told:
            self.told.append(sentence)


def _checked(question: Question, answer: Json) -> Json:
    if question.words:
        return _checked_words(question, answer)
    known = [choice.value for choice in question.choices]
    if answer in known or (question.is_free and isinstance(answer, (str, bool, int)) and str(answer).strip()):
        return answer
    possible = ", ".join(quoted(str(value)) for value in known) or "a text"
    raise AnswerError(
        f"{quoted(str(answer))} is no answer to “{question.question}” Possible are: {possible}.", question=question.id
    )


def _checked_words(question: Question, answer: Json) -> dict[str, Json]:
    if not isinstance(answer, Mapping):
        raise AnswerError(f"“{question.question}” needs a value for each of its words.", question=question.id)
    known = [choice.value for choice in question.choices]
    for word, value in answer.items():
        if not question.is_free and value not in known:
            possible = ", ".join(quoted(str(one)) for one in known)
            raise AnswerError(
                f"{quoted(str(value))} is no meaning of {quoted(str(word))}. Possible are: {possible}.",
                question=question.id,
            )
    missing = [word for word in question.words if answer.get(word) is None]
    if missing:
        raise AnswerError(f"Say what {quoted(missing[0])} means in “{question.column}”.", question=question.id)
    return {word: answer[word] for word in question.words}


def choices_of(values: Sequence[Json], labels: Mapping[Json, str] | None = None) -> tuple[Choice, ...]:
    """Choices with labels; a value without one is its own label."""
    return tuple(Choice(value, (labels or {}).get(value, str(value))) for value in values)
