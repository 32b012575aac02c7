"""What the connector of an application declares, and what its source answers while a person waits."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.conf import settings as product

from adsplatform.errors import DependencyFailed
from adsplatform.observability.redaction import redact
from adsplatform.visible_text import sentence
from enrollments.models import Application, secrets_in
from syncs.connectors import connector_named
from syncs.connectors.protocol import (
    AppGroup,
    ApplicationEntry,
    AuthorizedConnector,
    Choice,
    ConnectorError,
    Field,
    Form,
    KindOffered,
    NoVocabulary,
    SourceItem,
    Vocabulary,
)
from syncs.reading.asking import ask
from syncs.reading.questions import Question
from syncs.reading.signals import Offered, Said


def declaration_of(app: Application) -> ApplicationEntry | None:
    """What the application's connector declares; None if this installation has no connector for it."""
    try:
        return connector_named(app.connector).application if app.connector else None
    except ConnectorError:
        return None


def authorized_connector(app: Application) -> AuthorizedConnector | None:
    """The application's connector, if a person connects it at the vendor instead of entering credentials."""
    connector = connector_named(app.connector) if declaration_of(app) else None
    return connector if isinstance(connector, AuthorizedConnector) else None


def client_of(app: Application) -> dict[str, str]:
    """What whoever runs the platform has from the vendor of the application (OAUTH_CLIENTS)."""
    return dict(product.OAUTH_CLIENTS.get(app.connector, {})) if authorized_connector(app) else {}


def group_of(app: Application) -> AppGroup:
    """The heading under which the catalogue shows the application."""
    entry = declaration_of(app)
    return entry.group if entry else "Others"


def blank_form_of(app: Application) -> Form:
    """The form of the application's connector before anything is entered; empty if this installation has none."""
    return connector_named(app.connector).describe() if declaration_of(app) else Form()


def kinds_offered_by(app: Application) -> Sequence[KindOffered]:
    """The kinds of record that the application's connector can read, where it says so."""
    return connector_named(app.connector).kinds() if declaration_of(app) else ()


def chosen_kinds(app: Application, settings: Mapping[str, str]) -> tuple[str, ...]:
    """The kinds of record that an enrollment reads, by its settings; none if all."""
    entry = declaration_of(app)
    return Form(entry.settings).kinds_in(settings) if entry else ()


def has_own_names(app: Application) -> bool:
    """Whether what the application's connector reads has the source's own names, so that import profiles explain it."""
    entry = declaration_of(app)
    return entry is not None and entry.has_own_names


def settings_declared_by(app: Application) -> tuple[Field, ...]:
    """The settings of the application's connector."""
    return blank_form_of(app).settings


def with_defaults(app: Application, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of the application's connector by name, with defaults in place of those that are not given."""
    return {field.name: field.default for field in settings_declared_by(app)} | dict(settings)


def credentials_declared_by(app: Application) -> tuple[Field, ...]:
    """The credentials that the application's connector asks for; none if a person connects it at the vendor."""
    return blank_form_of(app).credentials


class Answers(NamedTuple):
    """What a source said: a sentence about what was found, the form with its choices, the first rows of each kind."""

    found: str
    form: Form
    rows: list[SourceItem]


def ask_source(
    app: Application,
    settings: Mapping[str, str],
    credentials: Mapping[str, str],
    *,
    choices: bool = False,
    rows: int = 0,
    vocabulary: Vocabulary | None = None,
) -> Answers:
    """Try settings and credentials on the accounting system, in a confined process; nothing is stored.

    Settings that are not given have their defaults. `choices` asks what the form offers, `rows` for so many rows of
    each kind. Raises DependencyFailed with the system's answer, and QuotaExceeded while too much is asked at once.
    """
    form = blank_form_of(app)
    if not app.connector:
        return Answers("", form, [])
    found, offered, items = "", dict[str, tuple[Choice, ...]](), list[SourceItem]()
    credentials = {**credentials, **client_of(app)}
    question = Question(app.connector, with_defaults(app, settings), credentials, choices, rows)
    try:
        for answer in ask(question, vocabulary or NoVocabulary()):
            match answer:
                case Said(said):
                    found = sentence(redact(said, secrets_in(credentials)))
                case Offered(field, pairs):
                    offered[field] = tuple(Choice(value, label) for value, label in pairs)
                case _:
                    items.append(answer)
    except ConnectorError as refused:
        # It quotes the source, which may say anything.
        message = sentence(redact(str(refused), secrets_in(credentials)))
        raise DependencyFailed(message, field="connectorInfo") from refused
    return Answers(found, form.with_choices(offered), items)


def check_connection(app: Application, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
    """Try settings and credentials on the accounting system; returns a sentence that says what was found there.

    Settings that are not given have their defaults. Raises DependencyFailed with the system's answer.
    """
    return ask_source(app, settings, credentials).found
