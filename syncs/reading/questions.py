"""What is asked of a source while a person waits: whether it can be reached, what it offers, its first rows."""

from collections.abc import Iterator

import msgspec

from syncs.connectors import connector_named
from syncs.connectors.protocol import Connector, SourceItem, Vocabulary
from syncs.reading.signals import Offered, Said


class Question(msgspec.Struct, tag=True):
    """The connector, what was entered into its form, and what is asked besides whether the source can be reached.

    `choices`: what it offers for the fields of the form. `rows`: so many rows of each kind, none for 0.
    """

    connector: str
    settings: dict[str, str]
    credentials: dict[str, str]
    choices: bool = False
    rows: int = 0


def needs_no_source(question: Question) -> bool:
    """Whether the connector has nothing to look at, and so answers nothing; raises ConnectorError."""
    connector = type(connector_named(question.connector))
    return connector.check is Connector.check and connector.sample is Connector.sample


def answers_to(question: Question, vocabulary: Vocabulary) -> Iterator[Said | Offered | SourceItem]:
    """Ask the connector; raises ConnectorError."""
    connector = connector_named(question.connector)
    settings, credentials = question.settings, question.credentials
    yield Said(connector.check(settings, credentials))
    if question.choices:
        blank = {field.name: field for field in connector.describe().fields}
        for field in connector.describe(settings, credentials).fields:
            if field.choices != blank[field.name].choices:
                yield Offered(field.name, [(choice.value, choice.label) for choice in field.choices])
    if question.rows:
        yield from connector.sample(settings, credentials, vocabulary, question.rows)
