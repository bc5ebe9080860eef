"""The keeper's side of the links of nodes: what it sends to the nodes that stand by about the sessions that are read
there, and the counts of readers that they send.
"""

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
    FollowSession,
    Kept,
    LeaveSession,
    NodeErased,
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
        """Name of the node."""
        # Bound: the sessions that there are.
        self.kept: dict[SessionId, Kept] = {}
        """Copies that the node has confirmed, by session."""
        # Overflow: none. Of each session only the newest head is asked about.
        self._compared: dict[SessionId, LogHead] = {}
        # Bound: `MOST_FOLLOWED`.
        self.readers: dict[SessionId, Mapping[ChannelId, int]] = {}
        """Number of readers by channel, of each session that the node follows."""
        # Overflow: none. The messages that wait for one session are merged: the newest signal of each key stays.
        self._waiting: dict[SessionId, tuple[int, dict[str, AnySignal]]] = {}
        # Overflow: none. Only the newest question is sent.
        self._asked: AskWithout | None = None
        self.applied: Applied | None = None
        """How far the node has come in the list of removals; None until it has reported."""
        self.news = asyncio.Event()
        """Set while `take` has messages to return."""

    def hear(self, message: ToKeeper) -> None:
        """Handle a message of the node. Raises ProtocolError."""
        match message:
            case FollowSession():
                if message.session not in self.readers and len(self.readers) >= MOST_FOLLOWED:
                    raise ProtocolError(f"A node follows {MOST_FOLLOWED} sessions at most.")
                self.readers[message.session] = {}
                self._house.followed(self, message.session)
            case LeaveSession():
                self.readers.pop(message.session, None)
                self._waiting.pop(message.session, None)
            case Kept():
                self.kept[message.session] = message
            case Without():
                self._house.answered(self.node, message)
            case NodeErased():
                self.applied = message.applied
            case ReadHere() if message.session in self.readers:
                self.readers[message.session] = message.readers
            case ReadHere():
                raise ProtocolError("A node tells of readers of a session that it doesn't follow.")

    def tell(self, session: SessionId, offset: int, signals: tuple[AnySignal, ...]) -> None:
        """Queue the news that a followed session's log ends at `offset` now, with the signals that hold there."""
        _, waiting = self._waiting.get(session, (0, {}))
        waiting.update((each.key, each) for each in signals)
        self._waiting[session] = offset, waiting
        self.news.set()

    def compare(self, session: SessionId, head: LogHead) -> bool:
        """Whether the node's copy of a session is known to have this head. If not, the node is asked."""
        if self.kept.get(session) == Kept(session=session, epoch=head.epoch, lanes=dict(head.lanes)):
            return True
        self._compared[session] = head
        self.news.set()
        return False

    def ask_without(self, number: int) -> None:
        """Queue the question whether the node can't reach Redis; `number` comes back with the answer."""
        self._asked = AskWithout(number=number)
        self.news.set()

    def take(self) -> list[ToNode]:
        """Take all queued messages for the node, and clear the queue."""
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
    """The links of all nodes that are linked to the keeper."""

    def __init__(self, loaded: Callable[[SessionId], LiveSession | None] = lambda _: None) -> None:
        self.loaded = loaded
        """Returns a session if it is in memory. Set before the first node connects."""
        self.answered: Callable[[str, Without], None] = lambda _node, _answer: None
        """Called with the name and the answer of a node to `ask_without`."""
        self.ends: dict[SessionId, int] = {}
        """Offset up to which each session was published since this node keeps the house. Bound: the sessions that there
        are."""
        # Bound: the nodes that have the key, with one connection each at a time.
        self._links: dict[NodeLink, None] = {}

    @property
    def linked(self) -> int:
        """Number of linked nodes."""
        return len(self._links)

    @property
    def names(self) -> frozenset[str]:
        """Names of the linked nodes."""
        return frozenset(link.node for link in self._links)

    def begin(self, node: str) -> NodeLink:
        """Register the link of a node that has connected. Call `end` when the link has ended."""
        link = NodeLink(self, node)
        self._links[link] = None
        return link

    def end(self, link: NodeLink) -> None:
        """Drop a link that has ended, and its counts of readers."""
        self._links.pop(link, None)

    def observe(self, live: LiveSession, publication: Publication) -> None:
        """Send a publication's news to the nodes that follow its session (`Sessions.observe`)."""
        self.ends[live.id] = live.fanout.position.offset
        for link in self._links:
            if live.id in link.readers:
                link.tell(live.id, live.fanout.position.offset, publication.signals)

    def followed(self, link: NodeLink, session: SessionId) -> None:
        """Send the present offset and signals of a session to a node that has begun to follow it."""
        live = self.loaded(session)
        if live is not None:
            link.tell(session, live.fanout.position.offset, live.fanout.signals)

    def archives(self, session: SessionId, head: LogHead) -> int:
        """Number of nodes that are known to have a copy of a session with this head. The other nodes are asked."""
        return len({link.node for link in tuple(self._links) if link.compare(session, head)})

    def ask_without(self, number: int) -> None:
        """Ask every linked node whether it can't reach Redis."""
        for link in self._links:
            link.ask_without(number)

    @property
    def applied(self) -> dict[str, Applied]:
        """How far each node has come in the list of removals, by name; without nodes that have not reported."""
        return {link.node: link.applied for link in self._links if link.applied is not None}

    def readers(self, session: SessionId) -> Mapping[ChannelId, int]:
        """Number of readers of each channel of a session, summed over all linked nodes."""
        found = Counter[ChannelId]()
        for link in self._links:
            found.update(link.readers.get(session, {}))
        return found
