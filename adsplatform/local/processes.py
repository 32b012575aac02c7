"""What the operating system offers beyond `subprocess`: processes that end with their parent, and a server that must
not run as root.

Only on Linux can a process ask for a signal when its parent dies. Elsewhere the product works too, but a `kill -9` of
the supervisor can leave processes behind.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform == "linux"
# Loaded here, because nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP = 28, 1 << 2
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
# To read files and search folders whatever their permissions say.
CAP_DAC_READ_SEARCH = 2


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when the process that started it dies."""
    if LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def adopt_orphans() -> None:
    """Have this process become the parent of its descendants whose own parent dies, on Linux."""
    if LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_child_with_us(number: int = signal.SIGKILL) -> Callable[[], None]:
    """For `preexec_fn` of `subprocess`: the new process gets the signal when this one dies."""
    parent = os.getpid()

    def in_child() -> None:
        end_with_parent(number)
        # The parent may have died before the line above.
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def end_descendants_with_parents() -> None:
    """From now on, every process that is forked from this one or its children dies with its parent."""
    parent = [0]

    def before() -> None:
        parent[0] = os.getpid()

    def in_child() -> None:
        end_with_parent()
        # The parent may have died between the fork and the line above.
        if os.getppid() != parent[0]:
            os._exit(1)

    os.register_at_fork(before=before, after_in_child=in_child)


@dataclass(frozen=True)
class Identity:
    """The user that a server runs as: the current one or, if that is root, an ordinary one.

    With `ignores_permissions`, the user keeps one of root's privileges, that of ignoring file permissions. It is needed
    to reach a checkout below a closed folder, such as /root, without opening that folder to everybody.
    """

    uid: int | None = None
    ignores_permissions: bool = False

    def take_ownership(self, path: Path) -> None:
        """Make the path this user's."""
        if self.uid is not None:
            os.chown(path, self.uid, -1)

    def assume(self, then: Callable[[], None]) -> Callable[[], None]:
        """For `preexec_fn` of `subprocess`: become this user, then do what is left to do."""
        if self.uid is None:
            return then
        uid, gid = self.uid, pwd.getpwuid(self.uid).pw_gid

        def become() -> None:
            if self.ignores_permissions:
                # Otherwise setuid would drop the privilege, and access(2) would ignore it.
                _libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            if self.ignores_permissions:
                _keep_only_dac_override()
            then()

        return become


def become_user(uid: int, capability: int | None = None, *, is_passed_on: bool = False) -> None:
    """Have this process, which is root, go on as an ordinary user in a group of the same number, for good.

    Of root's privileges it keeps at most one, a `capability`, until it executes another program, or beyond that if it
    `is_passed_on`; raises OSError.
    """
    if capability is not None:
        _libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        _keep_only(capability)
        if is_passed_on:
            _pass_on(capability)


def _keep_only_dac_override() -> None:
    """Reduce the capabilities to one, and let it survive the coming exec."""
    _keep_only(_CAP_DAC_OVERRIDE)
    _pass_on(_CAP_DAC_OVERRIDE)


def _pass_on(capability: int) -> None:
    """Let a capability survive exec (capabilities(7), “ambient”)."""
    if _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "This system lets no process keep a single privilege.")


def _keep_only(capability: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    # Effective, permitted and inheritable: first the low 32 bits of each, then the high ones.
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "This system lets no process keep a single privilege.")
