"""What a connector declares about itself: its entry in the catalogue, its form, its kinds of record, its budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args
from uuid import UUID

FieldType = Literal["text", "password", "number", "choice", "switch", "sql", "address", "kinds", "lines", "json"]
# The headings of the catalogue.
AppGroup = Literal["Files", "Databases", "ERP", "Cloud ledgers", "Any Singer tap", "Others"]
GROUPS: tuple[AppGroup, ...] = get_args(AppGroup)
# The values of a switch.
ON, OFF = "true", "false"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a field may have, and its name for people."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """A value that a connector asks for when people enrol: a setting, or a credential.

    All values are texts; that of a switch is ON or OFF, that of `kinds` has the kinds with commas between them, empty
    for all, and that of `json` is the text of an object. `name` may never change: values are stored by it. A secret is
    typed unseen, encrypted, and never displayed again; only credentials can be secret. `group` is a heading under which
    the form shows it. A choice without `choices` is filled by asking `Connector.choices`. An `address` is that of a
    server in the network, which the connector has to open by `syncs.connectors.addresses`. What `is_granted` is not
    asked for: the source gives it when a person connects (`AuthorizedConnector`).
    """

    name: str
    label: str
    type: FieldType = "text"
    help_text: str = ""
    is_secret: bool = False
    is_required: bool = False
    default: str = ""
    group: str = ""
    choices: tuple[Choice, ...] = ()
    is_granted: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a connector: `settings` say what is read and are shown, `credentials` are stored encrypted."""

    settings: tuple[Field, ...] = ()
    credentials: tuple[Field, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in the order of the form."""
        return self.settings + self.credentials

    def with_choices(self, choices: Mapping[str, tuple[Choice, ...]]) -> "Form":
        """The form with other choices for these fields."""

        def filled(field: Field) -> Field:
            return replace(field, choices=choices.get(field.name, field.choices))

        return Form(tuple(map(filled, self.settings)), tuple(map(filled, self.credentials)))

    def kinds_in(self, settings: Mapping[str, str]) -> tuple[str, ...]:
        """The kinds of record chosen in the settings; none if all are."""
        names = [field.name for field in self.settings if field.type == "kinds"]
        chosen = [kind.strip() for name in names for kind in settings.get(name, "").split(",")]
        return tuple(kind for kind in chosen if kind)


@dataclass(frozen=True, slots=True)
class KindOffered:
    """A kind of record that can be read: our name of it, the source's word for people, and whether it has a state.

    `deletes` says how a sync of changes learns of deleted records, in a word for people; empty if it does not.
    """

    kind: str
    label: str
    is_incremental: bool = False
    deletes: str = ""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs that a connector starts: the files that it executes, and the folders that these read besides."""

    executable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be asked of a source, by all syncs of all machines together; None is unlimited.

    `name` is what `Source.budget` is asked for. All enrollments whose setting or credential `key` has the same value
    share it; without a key all of the connector do. A day begins at midnight UTC. Of `concurrent` a sync holds one from
    the first time that it takes this budget until it ends.
    """

    name: str
    label: str
    key: str = ""
    per_minute: int | None = None
    per_day: int | None = None
    concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class ApplicationEntry:
    """A connector's entry in the catalogue of applications; `app_id` and `connector` may never change.

    `settings` and `credentials` are the fields of its form. The catalogue shows it under the heading `group`. Where it
    `has_own_names`, what it reads has the source's own names of kinds and columns, and people say by import profiles
    what they mean.
    """

    app_id: UUID
    connector: str
    name: str
    description: str
    app_type: str
    settings: tuple[Field, ...] = ()
    credentials: tuple[Field, ...] = ()
    budgets: Sequence[Budget] = ()
    group: AppGroup = "Others"
    has_own_names: bool = False
