"""Writes into the log of each session which hubs take part in it, and with how many people.

Two things are known of a hub: whether its uplink is up, with the sessions that the hub follows over it; and how many
people its coordinator has counted, and when. Both are absolute values. Once a second, values that differ from the log
are written there; but that an uplink is down only after 20 s, while the session is on. A hub without a machine of its
own, whose coordinator uses a page of this server, has no uplink that could be down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from moothall.core.commands import SetHubPresence
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_MEETING, RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import Clock, Randomness
from moothall.core.rules.making import MAX_TITLE, MOST_HUBS
from moothall.core.sessions.state import ON, State, Status
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
CUT_MS = 20_000
"""How long an uplink has to be down before the log says so; a short interruption is over by then."""
COUNTS = Allowance(per_second=1, burst=60)
"""Most head counts per hub, including the hubs below it, that go into the log: each is sent to every reader. Overflow:
counts are refused as busy, and the hub sends them again.
"""
MOST_LINKS = 2_000
"""Most hubs whose uplinks are known. Overflow: the one that was updated longest ago is forgotten, as if never
connected.
"""
_LEFT = 0
"""Used in place of a link's number: the hub does not want the session any more."""


class _HubLink(msgspec.Struct):
    """The state of a hub's uplink to this server."""

    title: str
    up: bool
    since: int
    """Since when the uplink has been up or down, Unix ms."""
    since_here: int
    """The same moment in ms of the monotonic clock."""
    connects: int
    """How often the hub has connected."""
    followed: dict[SessionId, int]
    """The sessions that it follows or followed, each with the number of the link in which the hub last followed it."""


class HubPresence:
    """Writes into each session's log which hubs take part, and with how many people. `run` must be running: it alone
    notices that a hub has connected or disconnected.
    """

    def __init__(
        self, sessions: Sessions, *, clock: Clock, randomness: Randomness, has_machine: Callable[[str], bool]
    ) -> None:
        """`has_machine`: whether the hub of that name is paired with a machine, so that it has an uplink."""
        self._sessions = sessions
        self._clock = clock
        self._randomness = randomness
        self._has_machine = has_machine
        self._links: dict[str, _HubLink] = {}  # By the names of hubs here. Overflow: see MOST_LINKS.
        # By the same names. Overflow: as above, the hub that counted longest ago.
        self._buckets: dict[str, Bucket] = {}
        self._titles: dict[str, str] = {}  # Bound: the hubs that were renamed while this server ran.
        self._removed: set[str] = set()  # Bound: the hubs that were removed while this server ran.
        self._began = (clock.wall(), clock.monotonic())
        self._writing = asyncio.Lock()
        """Serialises writes, since each event contains everything about a hub."""

    def connected(self, hub: str, title: str, connected: bool, wall: int) -> None:
        """Note that a hub's uplink came up or went down at `wall` (Unix ms). May be repeated; returns at once."""
        self._removed.discard(hub)
        link = self._link(hub, title)
        if link.up is not connected:
            link.up, link.since, link.since_here = connected, wall, self._clock.monotonic()
            link.connects += connected

    def follows(self, hub: str, title: str, session: SessionId, follows: bool) -> None:
        """Note that a connected hub follows a session from now on, or stops following it. Returns at once.

        The loss of an uplink is not such a request: the hub misses what it followed.
        """
        link = self._link(hub, title)
        if follows:
            link.followed[session] = link.connects
        elif session in link.followed:
            link.followed[session] = _LEFT

    def relinked(self, hub: str) -> None:
        """Note that a connected hub has a new link, over which it follows its sessions anew. Returns at once."""
        link = self._links.get(hub)
        if link is not None and link.up:
            link.connects, link.since_here = link.connects + 1, self._clock.monotonic()

    def removed(self, hub: str) -> None:
        """Note that a hub was removed from the registry: it and the hubs below it have left all sessions."""
        self._links.pop(hub, None)
        self._removed.add(hub)

    def retitled(self, hub: str, title: str) -> None:
        """Note a hub's new title, which is also written to sessions in which it takes part already."""
        self._titles[hub] = title[:MAX_TITLE]

    async def counted(
        self, session: SessionId, hub: str, title: str, people: int, at: int, *, act: CommandId | None = None
    ) -> Refusal | None:
        """Write that so many people are in the room of a hub, or of a hub below one, at `at` (Unix ms). None: it is in
        the log.

        A count that is not newer than the known one changes nothing; nor does a repeated `act`. Raises
        StorageUnavailable and RecordBroken where the session can't be loaded.
        """
        live = await self._sessions.find(session)
        if live is None:
            return NO_MEETING
        async with self._writing:
            state, known = live.state, live.state.hubs.get(hub)
            if state.closed_at is not None and state.media_now(at) > state.closed_at:
                return refuse(RefusalCode.CONFLICT, "The meeting was already over.")
            if known is not None and not _is_newer(people, at, known):
                return None
            if self._counts_too_often(_top(hub)):
                return refuse(RefusalCode.BUSY, "The head count was changed a moment ago; try again in a few seconds.")
            self._removed.discard(_top(hub))
            here = self._is_there(hub, known)
            if here and state.status is not Status.CLOSED:
                self._follows_by_counting(hub, session)
            since = known.since if known is not None and known.here is here else self._clock.wall()
            title = self._titles.get(hub, title)
            new = SetHubPresence(hub=hub, title=title[:MAX_TITLE], people=people, counted=at, here=here, since=since)
            return await self._write(live, new, act)

    async def run(self) -> None:
        """Write changes of hubs into the logs of sessions each second, until cancelled."""
        while True:
            for live in self._sessions.all_loaded:
                if live.state.status in (Status.CREATED, *ON):
                    await self._look(live)
            await self._clock.sleep(LOOK_MS)

    async def _look(self, live: LiveSession) -> None:
        following = [hub for hub, link in self._links.items() if live.id in link.followed]
        for hub in dict.fromkeys((*live.state.hubs, *following)):
            async with self._writing:
                new = self._news(live.state, hub)
                if new is None:
                    continue
                try:
                    refused = await self._write(live, new, None)
                except (StorageUnavailable, RecordBroken):
                    return  # The next round of `run` tries again.
                if refused is not None:
                    logger.warning("session %s: the status of a hub was refused (%s)", live.id, refused.code)
                    return

    def _news(self, state: State, hub: str) -> SetHubPresence | None:
        """The command that brings the log up to date about a hub; None where it is up to date."""
        known, link = state.hubs.get(hub), self._links.get(_top(hub))
        if _top(hub) in self._removed:
            return _left(hub, known, self._clock.wall())
        title = self._titles.get(hub)
        if known is not None and title is not None and title != known.title:
            return made_of(SetHubPresence, known, hub=hub, title=title)
        if not self._has_machine(_top(hub)) or (known is None and len(state.hubs) >= MOST_HUBS):
            return None
        if link is None:
            return _cut(state, hub, known, self._began[0]) if self._long_since(self._began[1]) else None
        said, long = link.followed.get(state.id), self._long_since(link.since_here)
        if not link.up:
            return _cut(state, hub, known, link.since) if long else None
        if said is None:
            return None  # Only head counts are known of it.
        if said == link.connects:
            return _came(hub, known, link)
        return _left(hub, known, self._clock.wall()) if said == _LEFT or long else None

    def _counts_too_often(self, hub: str) -> bool:
        now = self._clock.monotonic()
        bucket, wait = self._buckets.pop(hub, Bucket.full(COUNTS, now)).take(COUNTS, now)
        self._buckets[hub] = bucket
        if len(self._buckets) > MOST_LINKS:
            self._buckets.pop(next(iter(self._buckets)))
        return wait > 0

    def _long_since(self, monotonic: int) -> bool:
        return self._clock.monotonic() - monotonic >= CUT_MS

    def _is_there(self, hub: str, known: HubNow | None) -> bool:
        """Whether a hub is present that has just sent a head count, or whose hub below has."""
        link = self._links.get(_top(hub))
        if link is not None and link.up:
            return True
        return known is None or known.here or not self._has_machine(_top(hub))

    def _follows_by_counting(self, hub: str, session: SessionId) -> None:
        link = self._links.get(hub)
        if link is not None and link.up:
            link.followed[session] = link.connects

    async def _write(self, live: LiveSession, new: SetHubPresence, act: CommandId | None) -> Refusal | None:
        if _said_already(live.state.hubs.get(new.hub), new):
            return None
        answer = await live.writer.send(SYSTEM, act or CommandId(f"hub:{self._randomness.bytes(8).hex()}"), new)
        return answer if isinstance(answer, Refusal) else None

    def _link(self, hub: str, title: str) -> _HubLink:
        link = self._links.pop(hub, None)
        if link is None:
            wall, monotonic = self._began
            link = _HubLink(title=title, up=False, since=wall, since_here=monotonic, connects=1, followed={})
        link.title = self._titles.get(hub, title)[:MAX_TITLE]
        self._links[hub] = link
        if len(self._links) > MOST_LINKS:
            self._links.pop(next(iter(self._links)))
        return link


def _is_newer(people: int, at: int, known: HubNow) -> bool:
    """Whether a count is newer than the known one, or has the same time and another number."""
    return known.counted is None or at > known.counted or (at == known.counted and people != known.people)


def _said_already(known: HubNow | None, new: SetHubPresence) -> bool:
    """Whether the log has the same values of the hub already."""
    return known is not None and new == made_of(SetHubPresence, known, hub=new.hub)


def _top(hub: str) -> str:
    """The name of the hub linked to this server through which a hub with this path is reached."""
    return hub.partition(".")[0]


def _came(hub: str, known: HubNow | None, link: _HubLink) -> SetHubPresence | None:
    """The command for a hub that follows a session, or None where the log says so already. A hub below another becomes
    present together with it.
    """
    if known is None:
        return SetHubPresence(hub=hub, title=link.title, people=None, here=True, since=link.since)
    title = link.title if _top(hub) == hub else known.title
    if known.here and known.title == title:
        return None
    # The 0 people of a hub that had left are no count.
    people = None if known.people == 0 else known.people
    since = known.since if known.here else link.since
    return SetHubPresence(hub=hub, title=title, people=people, counted=known.counted, here=True, since=since)


def _cut(state: State, hub: str, known: HubNow | None, since: int) -> SetHubPresence | None:
    if known is None or not known.here or state.status not in ON:
        return None
    return made_of(SetHubPresence, known, hub=hub, here=False, since=since)


def _left(hub: str, known: HubNow | None, wall: int) -> SetHubPresence | None:
    if known is None or (not known.here and known.people == 0):
        return None
    return made_of(SetHubPresence, known, hub=hub, people=0, here=False, since=wall)
