"""A filter of system calls, by which Linux lets a process give up what Landlock leaves it (seccomp(2)).

A list of all that a connector may call would have to fit every library. This is a list of what none needs: ways to
other processes and into the kernel, and sockets but those of the internet for a connector that fetches its data.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable
from typing import NamedTuple

from adsplatform.local.processes import LINUX

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_REFUSE = _ERROR | errno.EPERM
# Instructions of the classic Berkeley packet filter: they work on one 32-bit number.
_LOAD, _KEEP_BITS, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
# Where `struct seccomp_data` has the call's number, the machine, and the lower half of an argument.
_NUMBER, _MACHINE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24

_AF_INET, _AF_INET6 = 2, 10
# By which the C library asks which addresses this machine has before it looks up a name.
_AF_NETLINK = 16
_SOCK_STREAM, _SOCK_TYPES = 1, 0xF
# All flags of clone(2) for a new namespace.
_NEW_NAMESPACES = 0x7E020000
# The numbers of x86-64 from here on are those of x32, another set of the same calls.
_X32 = 0x40000000


class _Calls(NamedTuple):
    """The numbers of system calls on one kind of machine."""

    machine: int
    socket: int
    socketpair: int
    clone: int
    execve: int
    # In this order: listen, execve, execveat, unshare, setns, ptrace, process_vm_readv, process_vm_writev, pidfd_getfd,
    # shmget, semget, msgget, mq_open, add_key, request_key, keyctl, io_uring_setup, bpf, perf_event_open, userfaultfd.
    refused: tuple[int, ...]
    # Its flags are in memory, where no filter sees them; the C library then uses clone.
    clone3: int = 435


_CALLS = {
    "x86_64": _Calls(
        0xC000003E, 41, 53, 56, 59,
        (50, 59, 322, 272, 308, 101, 310, 311, 438, 29, 64, 68, 240, 248, 249, 250, 425, 321, 298, 323),
    ),
    "aarch64": _Calls(
        0xC00000B7, 198, 199, 220, 221,
        (201, 221, 281, 97, 268, 117, 270, 271, 438, 194, 190, 186, 180, 217, 218, 219, 425, 280, 241, 282),
    ),
}  # fmt: skip

_Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_available() -> bool:
    """Whether the kernel takes filters, and this kind of machine is known here."""
    if not LINUX or _calls() is None:
        return False
    # A kernel that knows them looks for the filter, which is not there.
    return _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, None, 0, 0) != 0 and ctypes.get_errno() == errno.EFAULT


def restrict(*, has_network: bool, may_execute: bool = False) -> None:
    """Refuse these system calls to this thread and all that it starts, for good.

    No program can be executed unless it `may_execute` files, no socket listened on, no namespace made; no memory, queue
    or key is shared. There is no socket but pairs, and those of IPv4 and IPv6 if it `has_network`. Needs `no new
    privileges`; raises OSError.
    """
    calls = _calls()
    if calls is None:
        raise OSError(errno.ENOSYS, "Filters of system calls are not known for this kind of machine.")
    data = b"".join(struct.pack("=HBBI", *instruction) for instruction in _filter(calls, has_network, may_execute))
    program = _Program(len(data) // 8, data)
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"A filter of system calls: {os.strerror(number)}")


def _calls() -> _Calls | None:
    # A program of 32 bits makes other calls.
    return _CALLS.get(os.uname().machine) if sys.maxsize > 2**32 else None


def _filter(calls: _Calls, has_network: bool, may_execute: bool) -> Iterable[_Instruction]:
    families = (_AF_INET, _AF_INET6, _AF_NETLINK) if has_network else ()
    yield _load(_MACHINE)
    # Skips the instruction that follows.
    yield _IF_EQUAL, 1, 0, calls.machine
    yield _return(_REFUSE)
    yield _load(_NUMBER)
    yield from _when(_IF_AT_LEAST, _X32, _return(_REFUSE))
    for number in calls.refused:
        if number == calls.execve and may_execute:
            continue
        yield from _when(_IF_EQUAL, number, _return(_REFUSE))
    yield from _when(_IF_EQUAL, calls.clone3, _return(_ERROR | errno.ENOSYS))
    yield from _when(
        _IF_EQUAL,
        calls.clone,
        _load(_FIRST_ARGUMENT),
        *_when(_IF_ANY_BIT, _NEW_NAMESPACES, _return(_REFUSE)),
        _return(_ALLOW),
    )
    yield from _when(
        _IF_EQUAL,
        calls.socket,
        _load(_FIRST_ARGUMENT),
        *(step for family in families for step in _when(_IF_EQUAL, family, _return(_ALLOW))),
        _return(_REFUSE),
    )
    # One of a pair for datagrams could send to others too.
    yield from _when(
        _IF_EQUAL,
        calls.socketpair,
        _load(_SECOND_ARGUMENT),
        (_KEEP_BITS, 0, 0, _SOCK_TYPES),
        *_when(_IF_EQUAL, _SOCK_STREAM, _return(_ALLOW)),
        _return(_REFUSE),
    )
    yield _return(_ALLOW)


def _when(test: int, value: int, *then: _Instruction) -> Iterable[_Instruction]:
    """Instructions that are skipped unless the test holds; the last one returns."""
    return ((test, 0, len(then), value), *then)


def _load(place: int) -> _Instruction:
    return _LOAD, 0, 0, place


def _return(action: int) -> _Instruction:
    return _RETURN, 0, 0, action
