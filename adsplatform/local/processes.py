"""What the set-up asks of the operating system beyond `subprocess`: processes that leave no orphans,
and a server that must not be root.

A process can ask to be told when its parent dies only on Linux; elsewhere the product runs all the
same, and only a `kill -9` of the supervisor can leave processes behind.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

LINUX = sys.platform == "linux"
# Loaded once here: between fork and exec there must be no imports.
_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP = 28, 1 << 2
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when the process that started it dies."""
    if LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def bound_to_us(number: int = signal.SIGKILL) -> Callable[[], None]:
    """For `preexec_fn` of `subprocess`: the new process gets the signal when this one dies."""
    parent = os.getpid()

    def bind():
        end_with_parent(number)
        # The parent may have died before the line above.
        if os.getppid() != parent:
            os._exit(1)

    return bind


def end_descendants_with_parents() -> None:
    """From now on, every process forked from this one or its children dies with its parent."""

    parent = [0]

    def before():
        parent[0] = os.getpid()

    def in_child():
        end_with_parent()
        # The parent may have died between the fork and the line above.
        if os.getppid() != parent[0]:
            os._exit(1)

    os.register_at_fork(before=before, after_in_child=in_child)


@dataclass(frozen=True)
class Identity:
    """The user a server runs as: this one, or, for root, an ordinary one.

    With `passage` the user keeps one privilege of root's, that of passing file permissions. It takes
    it to reach a checkout below a closed folder, such as /root, without opening that folder to all.
    """

    uid: int | None = None
    passage: bool = False

    def own(self, path) -> None:
        """Make the path this user's."""
        if self.uid is not None:
            os.chown(path, self.uid, -1)

    def assume(self, then: Callable[[], None]) -> Callable[[], None]:
        """For `preexec_fn` of `subprocess`: become this user, then do what is left to do."""
        gid = None if self.uid is None else pwd.getpwuid(self.uid).pw_gid

        def become():
            if self.uid is not None:
                if self.passage:
                    # Or setuid would take the privilege away, and access(2) would not heed it.
                    _libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
                os.setgroups([])
                os.setgid(gid)
                os.setuid(self.uid)
                if self.passage:
                    _keep_only_passage()
            then()

        return become


def _keep_only_passage() -> None:
    """Reduce the capabilities to one and let it survive the coming exec (capabilities(7), “ambient”)."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bit = 1 << _CAP_DAC_OVERRIDE
    # Effective, permitted, inheritable, first the low 32 bits and then the high ones.
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc.capset(header, sets) or _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0):
        raise OSError(ctypes.get_errno(), "This system lets no process keep a single privilege.")
