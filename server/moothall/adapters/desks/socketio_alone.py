"""Socket.IO's library, loaded without the libraries that it takes along where they are installed.

At its first import it looks for Redis's and Valkey's clients, for its servers side by side, and for requests, for its
client that blocks. Nothing of these is used with it: Moothall's nodes have a way of their own (`adapters/cluster`).
With what they bring themselves, of OpenTelemetry as well, they were a seventh of the CPU time of a server's start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("redis", "requests", "valkey")


@contextmanager
def without(*names: str) -> Iterator[None]:
    """While inside, an import of one of these fails as where it is not installed; what is loaded already stays."""
    kept_out = [name for name in names if name not in sys.modules]
    for name in kept_out:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say that a module can't be had
    try:
        yield
    finally:
        for name in kept_out:
            del sys.modules[name]


with without(*UNUSED):
    import socketio

__all__ = ["socketio"]
