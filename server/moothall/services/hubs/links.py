"""The links of all hubs that are connected to this server, one for each hub, and what these links share.

The centre serves its hubs with this module, and a hub serves the hubs below it with the same one
(docs/reference/hub-link.md). Logs, registry and the execution of acts are behind ports
(`moothall.services.hubs.ports`).
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
from moothall.services.hubs.cosigning import Cosigning
from moothall.services.hubs.ports import (
    ActTaker,
    ConferenceInfo,
    HubConnection,
    Identity,
    LinkSource,
    Pack,
    Registry,
    RemovalsAtHubs,
)
from moothall.services.hubs.serving import OFFER_MS, Served, ServedHub
from moothall.services.hubs.signals import HubSignals
from moothall.services.hubs.translating import TranslateForHub, none_translated
from moothall.services.metrics.tracing import NotTraced, SpanWriter
from moothall.services.supervision.waiting import within
from moothall.wire.close_codes import MEANINGS, CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.kinds import OtherVersion

logger = logging.getLogger(__name__)

HELLO_MS = 10_000
"""How long a hub may take to send `HubHello`."""
LONGEST_RELEASE = 100
"""Most characters of the release name that a hub sends, since it is written to logs and pages."""
MOST_HUBS = 1_000
"""Most hubs that are linked to the centre."""
MOST_BELOW = 64
"""Most hubs that are linked to a hub."""
MOST_RECALLED = 128
"""Most removals sent at the beginning of a link. Overflow: the others are sent on the next link."""
LOOK_MS = 1_000
Follows = Callable[[str, str, SessionId, bool], None]
"""Called with name and title of a hub, a session, and whether the hub follows the session from now on."""


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one linked hub, for pages and metrics."""

    hub: str
    title: str
    node: str
    release: str
    since: int
    """When the link was established, Unix ms."""
    sessions: tuple[SessionId, ...]
    """The sessions that the hub follows."""
    behind: int
    """For how many ms it has lacked part of what it follows; 0 while it has everything."""
    round_trip: int | None
    """The last measured round trip in ms; None before the first pulse was answered."""
    bytes_sent: int
    """Bytes of all frames with their headers since `since`."""
    bytes_received: int


@dataclass(eq=False, repr=False)
class HubLinks:
    """The links of all connected hubs. Call `serve` for each connection, with the identity that its key belongs to."""

    source: LinkSource
    acts: ActTaker
    registry: Registry
    clock: Clock
    _: KW_ONLY
    pack: Pack
    about: Callable[[], ConferenceInfo]
    above: tuple[str, ...]
    """Ids of the nodes from the centre down to this server, which is the last."""
    path: str = ""
    """This server's own path from the centre; empty at the centre."""
    up: bool = True
    """Whether this server's own uplink to the centre is up; always True at the centre."""
    age: Callable[[], int] = lambda: 0
    """Returns how many ms ago anything was last received from the centre."""
    most: int = MOST_HUBS
    removals: RemovalsAtHubs
    signals: HubSignals = field(default_factory=HubSignals)
    """The current signals of channels that differ from the usual."""
    translate: TranslateForHub = none_translated
    """Translates a question for a hub."""
    witnesses: Cosigning | None = None
    """The witnesses of this server's public tree, which hubs are; None at a hub."""
    tracing: SpanWriter = field(default_factory=NotTraced)

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
            witnesses=self.witnesses,
            age=self.age,
            tracing=self.tracing,
            there=lambda hub, node, heard: self._seen(hub, node, connected=True, at=heard),
        )
        self.source.observe(self._notify)
        self.signals.observe(self._signalled)
        self.registry.when_fenced(self._fence)
        self.removals.when_due(self._recall)

    def set_above(self, nodes: tuple[str, ...]) -> None:
        """Store the new chain of nodes above, and send it to the hubs. End the link of a hub that is in the chain: it
        is a loop.
        """
        if nodes == self.above:
            return
        self.above = nodes
        for link in self._links.values():
            if link.node in nodes:
                link.end(CloseCode.LOOP)
            else:
                link.say(wire.Above(above=nodes, up=self.up, age=self.age()))

    def set_up(self, up: bool) -> None:
        """Store whether the uplink is up, and send it to the hubs, since their way to the centre is no better."""
        if up != self.up:
            self.up = up
            for link in self._links.values():
                link.say(wire.Above(above=self.above, up=up, age=self.age()))

    def set_path(self, path: str) -> None:
        """Store this server's new path. All links are closed, so that the hubs below reconnect under new paths."""
        if path != self.path:
            self.path = path
            self.close()

    @property
    def connected(self) -> tuple[Connected, ...]:
        """The linked hubs, sorted by name."""
        return tuple(_connected(self._links[hub]) for hub in sorted(self._links))

    def reads(self, session: SessionId) -> frozenset[ChannelId]:
        """The channels of a session that any linked hub receives."""
        return frozenset(channel for link in self._links.values() for channel in link.reads(session))

    def full_for(self, identity: Identity) -> bool:
        """Whether there is no free slot for this hub; one that is linked already needs none."""
        return identity.hub not in self._links and len(self._links) >= self.most

    async def serve(self, connection: HubConnection, identity: Identity) -> None:
        """Serve a hub's connection until it ends, and close it. A new connection of a hub replaces its earlier one."""
        try:
            hello = await within(connection.receive(), self.clock, HELLO_MS)
        except ProtocolError as error:
            logger.warning("hub %s: %s", identity.hub, error)
            await connection.close(CloseCode.PROTOCOL_ERROR, str(error))
            return
        refused = self._refused(hello, identity)
        if refused is not None or not isinstance(hello, wire.HubHello):
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
                await older.ended.wait()  # Else its acts could run beside their repetitions over the new link.
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
        """End all links, since the server is shutting down."""
        for link in self._links.values():
            link.end(CloseCode.GOING_AWAY)

    def _refused(self, hello: wire.FromHub | None, identity: Identity) -> tuple[CloseCode, str] | None:
        if not isinstance(hello, wire.HubHello) or not is_command_id(hello.node):
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
        """Report to the registry whether a hub's machine is connected. `at`: Unix ms; now unless given."""
        self.registry.seen(hub, node, connected, self.clock.wall() if at is None else at)

    def _fence(self, hub: str, generation: int) -> None:
        self._generations[hub] = max(generation, self._generations.get(hub, 0))
        link = self._links.get(hub)
        if link is not None and link.identity.generation < generation:
            link.end(CloseCode.FENCED)

    def _recall(self, node: str, session: SessionId, epoch: Epoch, offset: int) -> None:
        """Ask a machine to erase something. A single removal in a session that it follows reaches it through that log
        instead.
        """
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
        """The sessions that hubs may follow, read once for all links; the identical object as long as nothing has
        changed.
        """
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
    """Reports which sessions the connected hubs follow, since each session's log says who takes part. `run` must be
    running.
    """

    connected: Callable[[], tuple[Connected, ...]]
    tell: Follows
    clock: Clock
    _: KW_ONLY
    relinked: Callable[[str], None] = lambda _: None
    """Called with the name of a hub that has a new link, even if the hub never counted as absent."""

    def __post_init__(self) -> None:
        self._known: dict[str, tuple[int, frozenset[SessionId]]] = {}
        """For each linked hub: when its link was established (Unix ms), and which sessions it follows."""

    async def run(self) -> None:
        """Call `look` each second, until cancelled."""
        while True:
            self.look()
            await self.clock.sleep(LOOK_MS)

    def look(self) -> None:
        """Report what has changed. The end of a link is not reported, since it is no request to stop following; after a
        new link all followed sessions are reported again.
        """
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
