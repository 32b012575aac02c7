"""The settings that all drop folders have, and what their values mean."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncs.connectors.protocol import Choice, ConnectorError, Field

MOVE, KEEP = "move", "keep"
FOLDER = Field("folder", "Folder", help_text="Empty: where the user arrives.", group="Files")
NAMES = Field(
    "names",
    "Only files called",
    help_text="Patterns with * and ?, with commas between them, like *.csv, *.zip. Empty: all files.",
    group="Files",
)
AFTERWARDS = Field(
    "afterwards",
    "After loading",
    "choice",
    "Moved files go to the two folders below. Only to read changes nothing there.",
    default=MOVE,
    group="Files",
    choices=(
        Choice(MOVE, "Move the files"),
        Choice(KEEP, "Only read, and remember what"),
    ),
)
PROCESSED = Field(
    "processed",
    "Folder for loaded files",
    help_text="Below the folder; with a slash at its beginning, from the top.",
    default="processed",
    group="Files",
)
FAILED = Field(
    "failed",
    "Folder for files that could not be loaded",
    help_text="Beside each file that has problems, a file lists them.",
    default="failed",
    group="Files",
)
QUIET = Field(
    "quietSeconds",
    "Seconds without a change before files are read",
    "number",
    "A file is complete once it has not grown for so long. 0: files are complete as soon as they have their names.",
    default="30",
    group="When files are complete",
)
MARKER = Field(
    "marker",
    "Marker file",
    help_text="Written when the others are complete: *.done for one beside each file (invoices.csv.done), or a name "
    "like ready.txt for one that stands for all files. Empty: there is none.",
    group="When files are complete",
)
SETTINGS = (FOLDER, NAMES, AFTERWARDS, PROCESSED, FAILED, QUIET, MARKER)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say of reading; `processed` and `failed` are None where nothing may be changed."""

    patterns: tuple[str, ...]
    processed: str | None
    failed: str | None
    quiet_seconds: int
    marker: str

    @property
    def moves(self) -> bool:
        """Whether files are moved after they have been loaded."""
        return self.processed is not None


def plan_in(settings: Mapping[str, str]) -> Plan:
    """The plan; raises ConnectorError for a value that cannot be used."""
    afterwards = value_in(settings, AFTERWARDS)
    if afterwards not in (MOVE, KEEP):
        raise wrong(AFTERWARDS, afterwards, f"Choose {MOVE} or {KEEP}.")
    processed, failed = (value_in(settings, field).rstrip("/") for field in (PROCESSED, FAILED))
    moves = afterwards == MOVE
    for field, folder in ((PROCESSED, processed), (FAILED, failed)):
        if moves and (not folder or ".." in folder.split("/")):
            raise wrong(field, folder, "Write the name of a folder, like processed.")
    marker = value_in(settings, MARKER)
    if "/" in marker or marker == "*":
        raise wrong(MARKER, marker, "Write *.done or a name like ready.txt.")
    return Plan(
        patterns=tuple(part.strip() for part in value_in(settings, NAMES).split(",") if part.strip()),
        processed=processed if moves else None,
        failed=failed if moves else None,
        quiet_seconds=number_in(settings, QUIET, 0, 600),
        marker=marker,
    )


def value_in(values: Mapping[str, str], field: Field) -> str:
    """The field's value, or its default."""
    return (values.get(field.name) or field.default).strip()


def needed_in(values: Mapping[str, str], field: Field) -> str:
    """The value of a field that has to be filled in."""
    if value := value_in(values, field):
        return value
    raise ConnectorError(f"“{field.label}” is empty. Fill it in.", code="bad_setting")


def number_in(values: Mapping[str, str], field: Field, least: int, most: int) -> int:
    """The value of a field for a whole number."""
    text = value_in(values, field)
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise wrong(field, text, f"Write a whole number from {least:,} to {most:,}.")


def wrong(field: Field, value: str, advice: str) -> ConnectorError:
    """The error of a value that cannot be used."""
    return ConnectorError(f"The setting “{field.label}” is “{value}”. {advice}", code="bad_setting")
