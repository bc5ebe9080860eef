"""Uplinks of hubs without the hubs: each follows all sessions with the hub's own `Dialling`, and keeps nothing.

A hub with two languages wants the floor's text and both translations, and words as they come. What it gets is counted;
whether it has everything is proved by the hubs that are real.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.wire.hubs import messages as wire
from moothall_hub.pairing.pairing import Pairing, PairingFailure, pair
from moothall_hub.uplink.budget import Meter
from moothall_hub.uplink.centre_clock import CentreClock
from moothall_hub.uplink.dialling import CentreAddress, Dialling, UplinkEvent
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import Down, FollowAgain

AGAIN_S = 1.0
"""Seconds until words are tried again where too many came from here."""


class Uplink:
    """One uplink, and what came over it."""

    def __init__(self, sessions: Sequence[SessionId], channels: Sequence[ChannelId]) -> None:
        self.batches = 0
        self.downs = 0
        """How often the link broke."""
        self.followed = set[SessionId]()
        """Sessions of which events have come."""
        self._sessions = sessions
        self._channels = tuple(channels)
        self._dialling: Dialling | None = None

    async def run(self, address: str, words: str) -> None:
        """Pair by six words, then follow until cancelled."""
        node = secrets.token_hex(8)
        while (pairing := await pair(address, words, node)) is PairingFailure.OFTEN:  # noqa: ASYNC110  # a server
            await asyncio.sleep(AGAIN_S)
        assert isinstance(pairing, Pairing), pairing
        self._dialling = Dialling(
            Link(node, "bench", lambda: secrets.randbelow(1_000) / 1_000),
            CentreClock(SystemClock()),
            Meter(None),
            self._told,
            where=CentreAddress(address=address, key=pairing.key),
        )
        await self._dialling.run()

    async def _told(self, news: UplinkEvent) -> None:
        assert self._dialling is not None
        match news:
            case FollowAgain():
                for session in self._sessions:
                    self._dialling.follow(wire.Follow(session=session, channels=self._channels, words=True))
            case wire.Batch(part=wire.FeedPart.MISSED):
                self._dialling.say(wire.Taken(session=news.session, number=news.number))
            case wire.Batch():
                self.batches += 1
                self.followed.add(news.session)
            case Down():
                self.downs += 1
            case _:
                pass


def following(
    group: asyncio.TaskGroup,
    address: str,
    words: Sequence[str],
    sessions: Sequence[SessionId],
    languages: Sequence[str],
) -> tuple[list[Uplink], list[asyncio.Task[None]]]:
    """Start an uplink for each hub's words."""
    channels = [ChannelId("floor"), *(ChannelId(f"mt-{language}") for language in languages)]
    links = [Uplink(sessions, channels) for _ in words]
    return links, [group.create_task(link.run(address, each)) for link, each in zip(links, words, strict=True)]
