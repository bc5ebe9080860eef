"""Restricts a process to connect by TCP to one port, where Linux supports that (Landlock, 6.7 and newer).

It supplements other limits: where the system doesn't support it, nothing is done. The numbers are those of the kernel's
`include/uapi/linux/landlock.h` and of its system calls, which are the same on all machines but Alpha.
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_NET_PORT = 2
_BIND_TCP, _CONNECT_TCP = 1, 2
_NETWORK_SINCE = 4
"""The first version of Landlock with rules for the network."""
_NO_NEW_PRIVILEGES = 38


def connect_only_to(port: int) -> bool:
    """Restrict this process to connect to `port` alone and to listen on no port; return whether the system supports
    that.

    This can't be undone. Open connections stay.
    """
    try:
        system = ctypes.CDLL(None, use_errno=True)
        call, prctl = system.syscall, system.prctl
    except (OSError, AttributeError):
        return False
    if os.uname().sysname != "Linux" or call(_CREATE, None, ctypes.c_size_t(0), _VERSION) < _NETWORK_SINCE:
        return False
    handled = ctypes.create_string_buffer(struct.pack("<QQ", 0, _BIND_TCP | _CONNECT_TCP), 16)
    rules = call(_CREATE, handled, ctypes.c_size_t(16), 0)
    if rules < 0:
        return False
    try:
        allowed = ctypes.create_string_buffer(struct.pack("<QQ", _CONNECT_TCP, port), 16)
        if call(_ADD, rules, _NET_PORT, allowed, 0) != 0 or prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        return bool(call(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)
