from __future__ import annotations

import asyncio

from moothall.core.kernel.ids import SessionId
from moothall.services.hubs.followed import LOOK_MS, HubFollowed
from moothall.services.hubs.links import Connected
from moothall.testing.clock import ManualClock

ONE, TWO = SessionId("one"), SessionId("two")


def link(hub: str, *sessions: SessionId, since: int = 1) -> Connected:
    return Connected(
        hub=hub,
        title=hub.title(),
        node="n",
        release="0.1",
        since=since,
        sessions=sessions,
        round_trip=None,
        bytes_sent=0,
        bytes_received=0,
    )


async def test_what_a_hub_follows_is_told_when_it_changes_and_again_on_a_new_link() -> None:
    links: list[Connected] = []
    told: list[tuple[str, str, SessionId, bool]] = []
    clock = ManualClock()
    again: list[str] = []
    followed = HubFollowed(lambda: tuple(links), lambda *each: told.append(each), clock, relinked=again.append)
    running = asyncio.ensure_future(followed.run())
    links[:] = [link("kisumu", ONE), link("north")]
    await clock.advance(LOOK_MS)
    links[:] = [link("kisumu", TWO), link("north")]
    await clock.advance(LOOK_MS)
    links.clear()
    await clock.advance(LOOK_MS)
    links[:] = [link("kisumu", TWO, since=2)]
    await clock.advance(LOOK_MS)
    links[:] = [link("kisumu", TWO, since=3)]
    await clock.advance(LOOK_MS)
    running.cancel()
    assert told == [
        ("kisumu", "Kisumu", ONE, True),
        ("kisumu", "Kisumu", ONE, False),
        ("kisumu", "Kisumu", TWO, True),
        ("kisumu", "Kisumu", TWO, True),
        ("kisumu", "Kisumu", TWO, True),
    ]
    assert again == ["kisumu"], "its third link came without a moment between"
