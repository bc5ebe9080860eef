"""Visitors without signed cookies, for tests of doors, and the context that these doors need."""

from __future__ import annotations

from aiohttp import web

from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.pages.request_context import SnapshotOf
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock
from moothall.core.views.captions import Snapshot
from moothall.testing.clock import ManualClock, SeededRandomness


class TrustingVisitors(Visitors):
    """Accepts the value of any cookie as a token that it made long ago."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(b"", ManualClock(), SeededRandomness(seed))

    def token(self, request: web.Request, name: str, session: SessionId) -> str:
        """The value of any cookie of that name."""
        return request.cookies.get(name, "")

    def hasty(self, token: str) -> bool:
        """Nobody is hasty."""
        return False


def visitor_context(
    pages: Pages,
    clock: Clock,
    snapshot_of: SnapshotOf,
    *,
    seed: int = 0,
    visitors: Visitors | None = None,
    secure: bool = False,
) -> VisitorContext:
    """The context of a door for visitors. It trusts every cookie, unless `visitors` is given."""
    return VisitorContext(
        pages=pages,
        visitors=visitors or TrustingVisitors(seed),
        clock=clock,
        randomness=SeededRandomness(seed),
        snapshot_of=snapshot_of,
        secure=secure,
    )


async def no_snapshot(_session: SessionId, _feed: Feed) -> Snapshot | None:
    """Return None: no session can be read."""
    return None
