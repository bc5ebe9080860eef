"""Imports Socket.IO's library without the optional libraries that it would load where they are installed.

At its first import python-socketio looks for the clients of Redis and Valkey, which serve its multi-server mode, and
for requests, which its blocking client uses. Moothall uses none of them with it: its nodes communicate in another way
(`adapters/cluster`). With their own dependencies, such as OpenTelemetry, they took a seventh of the CPU time of a
server's start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("redis", "requests", "valkey")


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside the `with` block, make imports of these modules fail as if they weren't installed. Modules that are loaded
    already stay.
    """
    kept_out = [name for name in names if name not in sys.modules]
    for name in kept_out:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's convention for a module that can't be imported
    try:
        yield
    finally:
        for name in kept_out:
            del sys.modules[name]


with without(*UNUSED):
    import socketio

__all__ = ["socketio"]
