"""What the keeper tells the nodes that stand by of the sessions that are read there, and who reads there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from moothall.core.cluster.removals import Applied
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import LogHead
from moothall.core.signals import AnySignal
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.wire.cluster.node_link import (
    MOST_FOLLOWED,
    AskWithout,
    Compare,
    Erased,
    Follow,
    Kept,
    Leave,
    ReadHere,
    ToKeeper,
    ToNode,
    Without,
    news,
)


class NodeLink:
    """The keeper's side of the link of one node."""

    def __init__(self, house: ReadElsewhere, node: str) -> None:
        self._house = house
        self.node = node
        """Its name."""
        # Bound: the sessions that there are.
        self.kept: dict[SessionId, Kept] = {}
        """The copies that it has, as far as it was asked."""
        # Overflow: none. Of each session the newest is asked.
        self._compared: dict[SessionId, LogHead] = {}
        # Bound: `MOST_FOLLOWED`.
        self.readers: dict[SessionId, Mapping[ChannelId, int]] = {}
        """By followed session."""
        # Overflow: none. What waits of a session is merged, the newest of each signal's key.
        self._waiting: dict[SessionId, tuple[int, dict[str, AnySignal]]] = {}
        # Overflow: none. The newest question is asked.
        self._asked: AskWithout | None = None
        self.applied: Applied | None = None
        """How far into the list of removals it has come; None until it has said."""
        self.news = asyncio.Event()
        """Set while `take` has something."""

    def hear(self, message: ToKeeper) -> None:
        """A message of the node. Raises ProtocolError."""
        match message:
            case Follow():
                if message.session not in self.readers and len(self.readers) >= MOST_FOLLOWED:
                    raise ProtocolError(f"A node follows {MOST_FOLLOWED} sessions at most.")
                self.readers[message.session] = {}
                self._house.followed(self, message.session)
            case Leave():
                self.readers.pop(message.session, None)
                self._waiting.pop(message.session, None)
            case Kept():
                self.kept[message.session] = message
            case Without():
                self._house.answered(self.node, message)
            case Erased():
                self.applied = message.applied
            case ReadHere() if message.session in self.readers:
                self.readers[message.session] = message.readers
            case ReadHere():
                raise ProtocolError("A node tells of readers of a session that it doesn't follow.")

    def tell(self, session: SessionId, offset: int, signals: tuple[AnySignal, ...]) -> None:
        """A followed session's log ends at `offset` now, and these signals hold."""
        _, waiting = self._waiting.get(session, (0, {}))
        waiting.update((each.key, each) for each in signals)
        self._waiting[session] = offset, waiting
        self.news.set()

    def compare(self, session: SessionId, head: LogHead) -> bool:
        """Whether its copy of a session is known to be the same as this; else it is asked."""
        if self.kept.get(session) == Kept(session=session, epoch=head.epoch, lanes=dict(head.lanes)):
            return True
        self._compared[session] = head
        self.news.set()
        return False

    def ask_without(self, number: int) -> None:
        """Ask whether the node is without Redis."""
        self._asked = AskWithout(number=number)
        self.news.set()

    def take(self) -> list[ToNode]:
        """What waits to be sent; then nothing waits."""
        self.news.clear()
        asked, self._asked = self._asked, None
        waiting, self._waiting = self._waiting, {}
        compared, self._compared = self._compared, {}
        return [
            *(() if asked is None else (asked,)),
            *(news(session, offset, tuple(signals.values())) for session, (offset, signals) in waiting.items()),
            *(Compare(session=session, epoch=head.epoch, lanes=dict(head.lanes)) for session, head in compared.items()),
        ]


class ReadElsewhere:
    """All nodes that are linked to the keeper."""

    def __init__(self, loaded: Callable[[SessionId], LiveSession | None] = lambda _: None) -> None:
        self.loaded = loaded
        """A session if it is in memory; to be set before the first node comes."""
        self.answered: Callable[[str, Without], None] = lambda _node, _answer: None
        """Told what a node answers to `ask_without`."""
        self.ends: dict[SessionId, int] = {}
        """Up to where each session was published since the house was taken. Bound: the sessions that there are."""
        # Bound: nodes that have the key, each one connection at a time from its own program.
        self._links: dict[NodeLink, None] = {}

    @property
    def linked(self) -> int:
        """How many nodes are."""
        return len(self._links)

    @property
    def names(self) -> frozenset[str]:
        """Which nodes are."""
        return frozenset(link.node for link in self._links)

    def begin(self, node: str) -> NodeLink:
        """For a node that has dialled; `end` when it is gone."""
        link = NodeLink(self, node)
        self._links[link] = None
        return link

    def end(self, link: NodeLink) -> None:
        """It is gone, and so are its readers."""
        self._links.pop(link, None)

    def observe(self, live: LiveSession, publication: Publication) -> None:
        """Tell of what was published (`Sessions.observe`)."""
        self.ends[live.id] = live.fanout.position.offset
        for link in self._links:
            if live.id in link.readers:
                link.tell(live.id, live.fanout.position.offset, publication.signals)

    def followed(self, link: NodeLink, session: SessionId) -> None:
        """Tell a node that follows a session from now on how it is at the moment."""
        live = self.loaded(session)
        if live is not None:
            link.tell(session, live.fanout.position.offset, live.fanout.signals)

    def archives(self, session: SessionId, head: LogHead) -> int:
        """How many nodes are known to have the same copy of a session as this; the others are asked."""
        return len({link.node for link in tuple(self._links) if link.compare(session, head)})

    def ask_without(self, number: int) -> None:
        """Ask every node that is linked whether it is without Redis."""
        for link in self._links:
            link.ask_without(number)

    @property
    def applied(self) -> dict[str, Applied]:
        """How far each node that has said so has come into the list of removals."""
        return {link.node: link.applied for link in self._links if link.applied is not None}

    def readers(self, session: SessionId) -> Mapping[ChannelId, int]:
        """How many read each channel of a session at the nodes."""
        found = Counter[ChannelId]()
        for link in self._links:
            found.update(link.readers.get(session, {}))
        return found
