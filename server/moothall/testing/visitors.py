"""Visitors without keys, for tests of doors.

A module by itself: tests of every door use it, and nothing else.
"""

from __future__ import annotations

from aiohttp import web

from moothall.adapters.http.visitor_cookie import Visitors
from moothall.core.kernel.ids import SessionId
from moothall.testing.clock import ManualClock
from moothall.testing.seeded import SeededRandomness


class TrustingVisitors(Visitors):
    """Takes whatever is in a cookie for a token that it made long ago."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(b"", ManualClock(), SeededRandomness(seed))

    def token(self, request: web.Request, name: str, session: SessionId) -> str:
        """Whatever is there."""
        return request.cookies.get(name, "")

    def hasty(self, token: str) -> bool:
        """Nobody is."""
        return False
