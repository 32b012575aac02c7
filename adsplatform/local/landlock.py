"""Landlock, by which Linux lets a process give up access to files, networks and other processes for good (landlock(7)).

The kernel and the C library have no function for it that Python wraps, so the three system calls are made here. What a
kernel does not know yet is left out: its version says what it can restrict.
"""

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from adsplatform.local.processes import LINUX

_libc = ctypes.CDLL(None, use_errno=True)

# The numbers are the same on all architectures.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
# Everything that can be done with files, by the version that brought it.
_FILES = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
_OF_FILES_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _READ_FILE | _READ_DIR
_TCP_BIND, _TCP_CONNECT = 1, 2
_TCP_SINCE, _SCOPES_SINCE = 4, 6
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2


def version() -> int:
    """The version of the kernel's Landlock; 0 where there is none, or it is switched off."""
    if not LINUX:
        return 0
    found: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    return max(found, 0)


def restrict(
    *, readable: Iterable[Path], writable: Iterable[Path], executable: Iterable[Path] = (), has_network: bool
) -> None:
    """Let this process, and all that it starts, use no other files than these, and execute only the `executable` ones.

    It cannot inspect processes outside or send them signals, listen on a TCP port, or connect to one unless it
    `has_network`; as far as the kernel's version can prevent it. Paths that do not exist are left out. Files that are
    open stay so. Needs `no new privileges`; raises OSError.
    """
    present = version()
    files = _known(_FILES, present)
    tcp = (_TCP_BIND if has_network else _TCP_BIND | _TCP_CONNECT) if present >= _TCP_SINCE else 0
    scopes = _ABSTRACT_SOCKETS | _SIGNALS if present >= _SCOPES_SINCE else 0
    attributes = struct.pack("=QQQ", files, tcp, scopes)
    # An older kernel expects a shorter structure.
    size = 24 if scopes else 16 if tcp else 8
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    try:
        for path in readable:
            _allow(ruleset, path, files & _READ)
        for path in writable:
            _allow(ruleset, path, files & ~_EXECUTE)
        for path in executable:
            _allow(ruleset, path, files & (_READ | _EXECUTE))
        _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _known(rights: dict[int, int], present: int) -> int:
    known = 0
    for since, of_version in rights.items():
        if since <= present:
            known |= of_version
    return known


def _allow(ruleset: int, path: Path, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not path.is_dir():
                rights &= _OF_FILES_ONLY
            rule = struct.pack("=Qi", rights, place)
            _checked(_libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0))
        finally:
            os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
