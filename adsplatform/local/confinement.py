"""Confines a process that handles hostile input: an ordinary user, no new privileges, few files, no other processes.

It cannot be undone. Of the parts, each is used where the system has it: `Confinement.description` says what holds.
"""

import ctypes
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adsplatform.local import landlock, seccomp
from adsplatform.local.processes import CAP_DAC_READ_SEARCH, LINUX, become_user

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
# What Python and its libraries read besides their own files: names and certificates of servers, time zones, devices,
# the number of processors.
SYSTEM_PATHS = tuple(
    map(
        Path,
        (
            "/usr", "/lib", "/lib32", "/lib64", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/crypto-policies",
            "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
            "/etc/protocols", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/ld.so.cache", "/dev/null",
            "/dev/zero", "/dev/random", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
            "/sys/fs/cgroup",
        ),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Confinement:
    """What a process may still use: to be prepared once, by the process that starts others.

    `uid` is the user that root gives way to; None where this process is not root. `ignores_permissions`: it may read
    whatever the rules below allow, because that user cannot reach the program's own files.
    """

    uid: int | None
    landlock: int
    seccomp: bool
    ignores_permissions: bool = False
    readable: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def holds(self) -> bool:
        """Whether all parts hold."""
        return bool(self.landlock) and self.seccomp and (self.uid is not None or os.geteuid() != 0)

    @property
    def description(self) -> str:
        """What holds and what does not, as a sentence."""
        user = f"user {self.uid} instead of root" if self.uid is not None else "the worker's own user"
        if self.uid is None and os.geteuid() == 0:
            user = "root, because no other user can reach the program's files"
        privileges = "no new privileges" if LINUX else "no protection against new privileges, which needs Linux"
        files = "no Landlock: this kernel has none, so whatever its user may read is within reach"
        if self.landlock:
            files = f"Landlock (version {self.landlock}): its own files and folder, and no other processes"
        calls = "no seccomp: this system has none for it, so only Landlock refuses sockets and programs"
        if self.seccomp:
            calls = "seccomp: no programs, and no sockets but those of IP, which are there only to fetch data"
        return f"{user}; {privileges}; {files}; {calls}"

    def apply(
        self,
        folder: Path,
        *more: Path,
        has_network: bool,
        executable: tuple[Path, ...] = (),
        readable: tuple[Path, ...] = (),
    ) -> None:
        """Confine this process, which may then write to these folders only; raises OSError.

        It may start the `executable` files, and read the `readable` ones besides its own: what it starts is confined
        as it is itself.
        """
        paths = (folder, *more)
        if self.uid is not None:
            capability = CAP_DAC_READ_SEARCH if self.ignores_permissions else None
            become_user(self.uid, capability, is_passed_on=bool(executable))
        if LINUX:
            # Other processes of the same user must not look into this one.
            _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
            if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "This kernel does not let a process refuse new privileges.")
        if self.landlock:
            landlock.restrict(
                readable=(*self.readable, *readable),
                writable=paths,
                executable=executable,
                has_network=has_network,
            )
        if self.seccomp:
            seccomp.restrict(has_network=has_network, may_execute=bool(executable))


def prepare(uid: int) -> Confinement:
    """The strictest confinement that this system has; root gives way to `uid`."""
    present, filters, readable = landlock.version(), seccomp.is_available(), (*SYSTEM_PATHS, *_program_files())
    if os.geteuid() != 0:
        return Confinement(None, present, filters, readable=readable)
    if _can_reach(uid, readable):
        return Confinement(uid, present, filters, readable=readable)
    if present:
        return Confinement(uid, present, filters, ignores_permissions=True, readable=readable)
    return Confinement(None, 0, filters)


def _program_files() -> tuple[Path, ...]:
    """The folders of Python, its libraries and the packages that are loaded; not what else lies beside these."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = {*map(sysconfig.get_path, names), sys.base_prefix, sys.base_exec_prefix, *_places_of_packages()}
    return tuple(Path(path).resolve() for path in sorted(found))


def _places_of_packages() -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        if "." in name or name == "__main__":
            continue
        if places := getattr(module, "__path__", None):
            yield from map(str, places)
        elif file := getattr(module, "__file__", None):
            yield file


def _can_reach(uid: int, paths: tuple[Path, ...]) -> bool:
    """Whether a user can read these, as far as they exist."""
    there = [path for path in paths if path.exists()]
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            become_user(uid)
            code = int(not all(os.access(path, os.R_OK) for path in there))
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0
