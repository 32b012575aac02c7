"""The taps that whoever runs the platform allows: which program each is, and what it may use up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syncs.connectors.protocol import Choice, ConnectorError, Programs

# Where the programs stand by which Linux starts others (`interp` of ELF).
LOADERS = "lib*/ld-*.so*"
# What the members of SINGER_TAPS limit.
LIMITS = {"memoryBytes": "memory_bytes", "silentSeconds": "silent_seconds", "seconds": "seconds"}


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap: its program, in the folder `bin` of a virtual environment of its own, and its limits.

    `memory_bytes` is the address space of its process. It may say nothing for `silent_seconds`, and run for `seconds`.
    """

    name: str
    command: Path
    memory_bytes: int = 4 * 1024**3
    silent_seconds: int = 600
    seconds: int = 86_400

    @property
    def environment(self) -> Path:
        """The folder of its virtual environment."""
        return self.command.parent.parent

    @property
    def python(self) -> Path | None:
        """The Python of its environment; None if the tap is a program by itself."""
        python = self.command.parent / "python"
        return python if python.exists() else None

    @property
    def arguments(self) -> list[str]:
        """How it is started, without the arguments that say what to do."""
        # By its interpreter, so that nothing else has to be executable.
        return [*([str(self.python)] if self.python else []), str(self.command)]

    @property
    def programs(self) -> Programs:
        """What is executed and read where it runs."""
        started = self.python or self.command
        # A virtual environment has its library in the Python that made it.
        library = [started.resolve().parent.parent / "lib"] if self.python else []
        loaders = {path.resolve() for path in Path("/").glob(LOADERS)}
        return Programs((started.resolve(), *sorted(loaders)), (self.environment, *library))


class _Allowed:
    """What SINGER_TAPS allows; set when a process starts."""

    taps: Mapping[str, Tap] = {}


def allow(given: Mapping[str, object]) -> None:
    """Allow these taps from now on, and no others; raises ValueError for what is none.

    A tap is the path of its program, or an object with the `command` and LIMITS.
    """
    _Allowed.taps = {name: _tap(name, what) for name, what in given.items()}


def _tap(name: str, given: object) -> Tap:
    members = {"command": given} if isinstance(given, str) else given
    if not isinstance(members, Mapping) or not isinstance(members.get("command"), str):
        raise ValueError(f"“{name}” needs the path of its program, as a text or as the member “command”")
    for member, value in members.items():
        if member == "command":
            continue
        if member not in LIMITS:
            raise ValueError(f"“{name}” has a member “{member}”; known are command, {', '.join(LIMITS)}")
        if type(value) is not int or value < 1:
            raise ValueError(f"“{name}” has “{value}” as {member}, which is a whole number from 1")
    if not (command := Path(members["command"])).is_absolute():
        raise ValueError(f"“{name}” needs the whole path of its program, not “{command}”")
    return Tap(name, command, **{limit: members[member] for member, limit in LIMITS.items() if member in members})


def tap_named(name: str) -> Tap:
    """The tap of that name; raises ConnectorError unless it is allowed and there."""
    if not _Allowed.taps:
        raise ConnectorError(
            "No Singer tap is allowed here. Whoever runs the platform lists those that may be used in SINGER_TAPS.",
            code="bad_setting",
        )
    if not (tap := _Allowed.taps.get(name)):
        raise ConnectorError(
            f"The tap “{name}” is not allowed here. Choose one of {', '.join(sorted(_Allowed.taps))}.",
            code="bad_setting",
        )
    if not tap.command.is_file():
        raise ConnectorError(
            f"The tap “{name}” is not installed where SINGER_TAPS says. Ask whoever runs the platform.",
            code="bad_setting",
        )
    return tap


def choices() -> tuple[Choice, ...]:
    """The names of the taps that are allowed."""
    return tuple(Choice(name, name) for name in sorted(_Allowed.taps))
