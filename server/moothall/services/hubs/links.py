"""The links of the hubs that are connected to this server: who they are, one for each, and what all of them share.

The centre serves its hubs with this, and so does a hub those below it (docs/reference/hub-link.md). What it serves,
who the hubs are and who does their acts stand behind ports (`moothall.services.hubs.ports`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field

import msgspec

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId, is_command_id, is_name
from moothall.core.ports import Clock
from moothall.services.hubs.ports import (
    ActTaker,
    ConferenceInfo,
    HubConnection,
    Identity,
    LinkSource,
    Pack,
    Registry,
    Removals,
)
from moothall.services.hubs.serving import OFFER_MS, Served, ServedHub
from moothall.services.hubs.signals import HubSignals
from moothall.services.hubs.translating import TranslateForHub, none_translated
from moothall.services.metrics.tracing import NotTraced, Tracing
from moothall.services.supervision.waiting import within
from moothall.wire.close_codes import MEANINGS, CloseCode
from moothall.wire.hub import messages as wire
from moothall.wire.kinds import OtherVersion

logger = logging.getLogger(__name__)

HELLO_MS = 10_000
"""How long a hub may take to say who it is."""
LONGEST_RELEASE = 100
"""Characters of what a hub calls its release, which stands in logs and on pages."""
MOST_HUBS = 1_000
"""Hubs at the centre."""
MOST_BELOW = 64
"""Hubs below a hub."""
MOST_RECALLED = 128
"""Removals sent at the beginning of a link. Overflow: the others are sent on the next link."""
LOOK_MS = 1_000
Follows = Callable[[str, str, SessionId, bool], None]
"""Is told by name and title of a hub that it follows a session from now on, or doesn't any more."""


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """A hub that is linked, for pages and figures."""

    hub: str
    title: str
    node: str
    release: str
    since: int
    """Unix ms."""
    sessions: tuple[SessionId, ...]
    """What it follows."""
    behind: int
    """For how long (ms) it hasn't had all that it follows; 0 while it has."""
    round_trip: int | None
    """Ms, as it was measured last; None before the first pulse was answered."""
    bytes_sent: int
    """Of frames with their headers, since then."""
    bytes_received: int


@dataclass(eq=False, repr=False)
class HubLinks:
    """The links of all connected hubs. Call `serve` for each connection, with the machine that its key belongs to."""

    source: LinkSource
    acts: ActTaker
    registry: Registry
    clock: Clock
    _: KW_ONLY
    pack: Pack
    about: Callable[[], ConferenceInfo]
    above: tuple[str, ...]
    """The nodes from the centre down to this one, which is its last."""
    path: str = ""
    """This server's own path from the centre, empty there."""
    up: bool = True
    """Whether its line to the centre stands; at the centre always."""
    age: Callable[[], int] = lambda: 0
    """How long ago (ms) anything was last heard from there."""
    most: int = MOST_HUBS
    removals: Removals
    signals: HubSignals = field(default_factory=HubSignals)
    """How texts are doing at the moment."""
    translate: TranslateForHub = none_translated
    """Has a question translated."""
    tracing: Tracing = field(default_factory=NotTraced)

    def __post_init__(self) -> None:
        self._links: dict[str, ServedHub] = {}
        # Bound: the hubs that were paired anew while this server ran.
        self._generations: dict[str, int] = {}
        self._offered: Sequence[wire.Offered] = ()
        self._asked: int | None = None
        self._asking = asyncio.Lock()
        self._served = Served(
            source=self.source,
            acts=self.acts,
            clock=self.clock,
            pack=self.pack,
            offers=self._offers,
            removals=self.removals,
            signals=self.signals,
            translate=self.translate,
            age=self.age,
            tracing=self.tracing,
            there=lambda hub, node, heard: self._seen(hub, node, connected=True, at=heard),
        )
        self.source.observe(self._notify)
        self.signals.observe(self._signalled)
        self.registry.when_fenced(self._fence)
        self.removals.when_due(self._recall)

    def set_above(self, nodes: tuple[str, ...]) -> None:
        """The way up has changed: hubs are told, and one that is on it is a loop."""
        if nodes == self.above:
            return
        self.above = nodes
        for link in self._links.values():
            if link.node in nodes:
                link.end(CloseCode.LOOP)
            else:
                link.say(wire.Above(above=nodes, up=self.up, age=self.age()))

    def set_up(self, up: bool) -> None:
        """It has come or gone: hubs are told, since theirs are no better."""
        if up != self.up:
            self.up = up
            for link in self._links.values():
                link.say(wire.Above(above=self.above, up=up, age=self.age()))

    def set_path(self, path: str) -> None:
        """It is known by another name above: the hubs below come back under theirs."""
        if path != self.path:
            self.path = path
            self.close()

    @property
    def connected(self) -> tuple[Connected, ...]:
        """The hubs that are linked, by name."""
        return tuple(_connected(self._links[hub]) for hub in sorted(self._links))

    def reads(self, session: SessionId) -> frozenset[ChannelId]:
        """The texts of a session that any hub is given."""
        return frozenset(channel for link in self._links.values() for channel in link.reads(session))

    def full_for(self, identity: Identity) -> bool:
        """Whether there is no room for one more hub; for one that is linked already there is."""
        return identity.hub not in self._links and len(self._links) >= self.most

    async def serve(self, connection: HubConnection, identity: Identity) -> None:
        """Have a hub's connection until it ends, and close it."""
        try:
            hello = await within(connection.receive(), self.clock, HELLO_MS)
        except ProtocolError as error:
            logger.warning("hub %s: %s", identity.hub, error)
            await connection.close(CloseCode.PROTOCOL_ERROR, str(error))
            return
        refused = self._refused(hello, identity)
        if refused is not None or not isinstance(hello, wire.Hello):
            code, reason = refused or (CloseCode.PROTOCOL_ERROR, "")
            logger.warning("hub %s: the link is refused with code %d: %s", identity.hub, code, reason)
            await connection.close(code, reason)
            return
        link = ServedHub(connection, identity, hello, self._served, path=self._path_of(identity))
        link.say(self._welcome(identity))
        for session, epoch, offset in self.removals.due(hello.node)[:MOST_RECALLED]:
            link.say(wire.Recall(session=session, epoch=epoch, offset=offset))
        older, self._links[identity.hub] = self._links.get(identity.hub), link
        try:
            if older is not None:
                older.end(CloseCode.REPLACED, "This hub has opened another connection.")
                await older.ended.wait()  # So that none of its acts is done beside those that come again.
            logger.info("hub %s: linked from %s, release %s", identity.hub, hello.node, hello.release)
            self._seen(identity.hub, hello.node, connected=True)
            if older is not None and older.node != link.node:
                self._seen(identity.hub, older.node, connected=False)
            await link.run()
        finally:
            link.ended.set()
            if self._links.get(identity.hub) is link:
                del self._links[identity.hub]
                self._seen(identity.hub, hello.node, connected=False, at=link.heard)

    def close(self) -> None:
        """The server is going away: have every link end."""
        for link in self._links.values():
            link.end(CloseCode.GOING_AWAY)

    def _refused(self, hello: wire.FromHub | None, identity: Identity) -> tuple[CloseCode, str] | None:
        if not isinstance(hello, wire.Hello) or not is_command_id(hello.node):
            return CloseCode.PROTOCOL_ERROR, "A link begins with Hello, which names the machine."
        if len(hello.release) > LONGEST_RELEASE or not hello.release.isprintable():
            return CloseCode.PROTOCOL_ERROR, "A release has a short name, of characters that can be shown."
        try:
            wire.VERSIONS.require(hello.protocol)
        except OtherVersion as error:
            return CloseCode.BAD_REQUEST, str(error)
        if not is_name(self._path_of(identity)):
            return CloseCode.BAD_REQUEST, "With those above it this hub's name is too long: pair it by a shorter one."
        if hello.node in self.above:
            return CloseCode.LOOP, MEANINGS[CloseCode.LOOP].reason
        linked = self._links.get(identity.hub)
        newest = max(self._generations.get(identity.hub, 0), linked.identity.generation if linked else 0)
        if identity.generation < newest:
            return CloseCode.FENCED, MEANINGS[CloseCode.FENCED].reason
        if self.full_for(identity):
            return CloseCode.TRY_LATER, MEANINGS[CloseCode.TRY_LATER].reason
        return None

    def _welcome(self, identity: Identity) -> wire.Welcome:
        about = self.about()
        return wire.Welcome(
            protocol=wire.PROTOCOL,
            hub=self._path_of(identity),
            title=identity.title,
            above=self.above,
            wall=self.clock.wall(),
            keys=about.keys,
            zone=about.zone,
            address=about.address,
            up=self.up,
            age=self.age(),
        )

    def _path_of(self, identity: Identity) -> str:
        return f"{self.path}.{identity.hub}" if self.path else identity.hub

    def _seen(self, hub: str, node: str, *, connected: bool, at: int | None = None) -> None:
        """`at` which moment it was so, Unix ms; now unless given."""
        self.registry.seen(hub, node, connected, self.clock.wall() if at is None else at)

    def _fence(self, hub: str, generation: int) -> None:
        self._generations[hub] = max(generation, self._generations.get(hub, 0))
        link = self._links.get(hub)
        if link is not None and link.identity.generation < generation:
            link.end(CloseCode.FENCED)

    def _recall(self, node: str, session: SessionId, epoch: Epoch, offset: int) -> None:
        """A machine has to erase something; one that follows the session has it by that."""
        for link in self._links.values():
            if link.node == node and (offset == 0 or session not in link.follows):
                link.say(wire.Recall(session=session, epoch=epoch, offset=offset))

    def _notify(self, session: SessionId, lanes: frozenset[Lane]) -> None:
        for link in self._links.values():
            link.notify(session, lanes)

    def _signalled(self, session: SessionId) -> None:
        for link in self._links.values():
            link.signalled(session)

    async def _offers(self) -> Sequence[wire.Offered]:
        """What may be followed, asked once for all links; another object only where it has changed."""
        async with self._asking:
            now = self.clock.monotonic()
            if self._asked is None or now - self._asked >= OFFER_MS:
                offered = tuple(await self.source.offered())
                self._asked = now
                if offered != self._offered:
                    self._offered = offered
            return self._offered


def _connected(link: ServedHub) -> Connected:
    return Connected(
        hub=link.identity.hub,
        title=link.identity.title,
        node=link.node,
        release=link.release,
        since=link.since,
        sessions=link.follows,
        behind=link.behind,
        round_trip=link.round_trip,
        bytes_sent=link.connection.bytes_sent,
        bytes_received=link.connection.bytes_received,
    )


@dataclass(eq=False, repr=False)
class HubFollowed:
    """Tells which sessions the connected hubs follow, since sessions say who takes part. Keep `run` going."""

    connected: Callable[[], tuple[Connected, ...]]
    tell: Follows
    clock: Clock
    _: KW_ONLY
    relinked: Callable[[str], None] = lambda _: None
    """Told of a hub whose link is another one than before, though it may never have been away."""

    def __post_init__(self) -> None:
        self._known: dict[str, tuple[int, frozenset[SessionId]]] = {}
        """Of each hub that is linked: since when, and what it follows."""

    async def run(self) -> None:
        """Look each second, until cancelled."""
        while True:
            self.look()
            await self.clock.sleep(LOOK_MS)

    def look(self) -> None:
        """Tell of what has changed. A link that ended is no wish: nothing is told of it; a new one says all again."""
        now = {each.hub: each for each in self.connected()}
        for hub, each in now.items():
            since, before = self._known.get(hub, (each.since, frozenset()))
            if since != each.since:
                before = frozenset()
                self.relinked(hub)
            follows = frozenset(each.sessions)
            for session in sorted(follows ^ before):
                self.tell(hub, each.title, session, session in follows)
            self._known[hub] = (each.since, follows)
        self._known = {hub: known for hub, known in self._known.items() if hub in now}
