"""The link of nodes: MessagePack messages over one WebSocket from each node that stands by to the keeper, at `PATH`.

Node → keeper: which sessions have readers at the node, and how many. Keeper → node: the newest offsets of those
sessions' logs, their current signals, and a tick each second. Events aren't sent: `News` only notifies the node, which
then reads the events from Redis. So words that are never stored, which are signals, are sent over this link and nowhere
else.

Before Redis gives up the log of a closed session, the keeper asks whether a node's copy is the same as its own. A node
requests, by GET `LOG_PATH`, events that Redis no longer has. A node that takes over a house whose Redis may have lost
data asks all other nodes for theirs, by GET `LOG_PATH`, `STAND_PATH` and `BOOK_PATH`. While Redis can't be reached the
keeper asks each node whether it is without Redis too (`core/cluster/one_copy.py`); a node that doesn't answer has not
confirmed. A node reports up to which entry of the list of removals it has erased the data from its own copies, on the
disk and in memory.

Nothing else is acknowledged. After a reconnection the node begins with `NodeErased`, and `FollowSession` and
`ReadHere` for all sessions that are read there, and gets the newest signals of each session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import msgspec

from moothall.core.chain import LogRecord, decode_header
from moothall.core.cluster.removals import Applied
from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId
from moothall.core.ports import LogHead
from moothall.core.signals import AnySignal
from moothall.wire.frames import known_signals
from moothall.wire.kinds import Kinds

PATH = "/node/link"
"""Path of the link; visitors' requests to it are not carried to the keeper."""
LOG_PATH = "/node/log/{session}"
"""Path of a session's events after offset `?after=`, at most `MOST_EVENTS`, encoded by `pack`; for nodes alone."""
STAND_PATH = "/node/stand"
"""Path of a node's `NodeState`; for nodes alone."""
BOOK_PATH = "/node/book"
"""Path of a node's `WholeBook`; for nodes alone."""
MOST_EVENTS = 250
"""Most events in one answer at `LOG_PATH`."""
MAX_FRAME_BYTES = 1 << 20
MOST_FOLLOWED = 1_000
"""Sessions that one node may follow. Overflow: a further `FollowSession` is an error, and the keeper serves that
session's readers."""
TICK_MS = 1_000
"""Interval between two `Tick`s, ms."""


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a node's own copies of logs and book."""

    heads: Mapping[SessionId, LogHead]
    """The ends of its own logs."""
    change: int | None
    """The number of the newest change of the shared book in its own copy; None when it has never followed the book."""


class WholeBook(msgspec.Struct, frozen=True, kw_only=True):
    """A node's own copy of the book."""

    change: int
    """The number of the newest change in it."""
    entries: Mapping[str, Mapping[str, bytes]]
    """The values by namespace and key."""


class NodeMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """Base of the messages on the link of nodes."""


class FollowSession(NodeMessage, frozen=True, kw_only=True, tag="follow"):
    """Node → keeper: from now on the session has readers at this node."""

    session: SessionId


class LeaveSession(NodeMessage, frozen=True, kw_only=True, tag="leave"):
    """Node → keeper: the session has no more readers at this node."""

    session: SessionId


class ReadHere(NodeMessage, frozen=True, kw_only=True, tag="read"):
    """Node → keeper: how many readers each text of a followed session has here; replaces the counts sent before."""

    session: SessionId
    readers: dict[ChannelId, int]


class Kept(NodeMessage, frozen=True, kw_only=True, tag="kept"):
    """Node → keeper: the copy on this node's disk has the same lane heads as the `Compare` that it answers."""

    session: SessionId
    epoch: Epoch
    lanes: dict[Lane, LaneHead]


class Compare(NodeMessage, frozen=True, kw_only=True, tag="compare"):
    """Keeper → node: the heads of a log's lanes; a node whose copy has the same heads answers `Kept`."""

    session: SessionId
    epoch: Epoch
    lanes: dict[Lane, LaneHead]


class Without(NodeMessage, frozen=True, kw_only=True, tag="without"):
    """Node → keeper: the answer to `AskWithout`."""

    number: int
    """Number of the `AskWithout`."""
    redis: bool
    """Whether the node is without Redis, and has promised not to take over the house."""


class AskWithout(NodeMessage, frozen=True, kw_only=True, tag="ask-without"):
    """Keeper → node: the keeper can't reach Redis, and asks whether the node can't either."""

    number: int
    """Number of the question, repeated in the answer."""


class NodeErased(NodeMessage, frozen=True, kw_only=True, tag="erased"):
    """Node → keeper: up to which entry of the list of removals this node has erased the data from its copies."""

    applied: Applied


class News(NodeMessage, frozen=True, kw_only=True, tag="news"):
    """Keeper → node: the newest offset of a followed session's log, and the signals that apply at that offset."""

    session: SessionId
    offset: int
    signals: bytes = b"[]"
    """JSON list as readers get it, with the newest signal of each key."""


class Tick(NodeMessage, frozen=True, kw_only=True, tag="tick"):
    """Keeper → node, each `TICK_MS`: a sign that the connection is alive."""


ToKeeper = FollowSession | LeaveSession | ReadHere | Kept | Without | NodeErased
ToNode = News | Tick | Compare | AskWithout
_ALL = get_args(ToKeeper) + get_args(ToNode)
_to_keeper = Kinds[ToKeeper](msgspec.msgpack.Decoder(ToKeeper), _ALL)
_to_node = Kinds[ToNode](msgspec.msgpack.Decoder(ToNode), _ALL)
_Row = tuple[bytes, bytes | None, bytes | None, bytes, bytes]
_rows = msgspec.msgpack.Decoder(tuple[_Row, ...])
_node_state = msgspec.msgpack.Decoder(NodeState)
_book = msgspec.msgpack.Decoder(WholeBook)
_signals = msgspec.json.Decoder(tuple[msgspec.Raw, ...])


def news(session: SessionId, offset: int, signals: Sequence[AnySignal]) -> News:
    """The `News` of a session, with its signals encoded."""
    return News(session=session, offset=offset, signals=msgspec.json.encode(signals))


def signals_of(told: News) -> tuple[AnySignal, ...]:
    """Decode the signals of a `News` whose kind this release knows. Raises ProtocolError."""
    try:
        return known_signals(read(_signals, told.signals))
    except Unreadable:
        raise ProtocolError(f"Signals of {len(told.signals)} bytes can't be read.") from None


def pack(records: Sequence[LogRecord]) -> bytes:
    """Encode events for an answer at `LOG_PATH`: of each the header, salt, body, digest of the body, and digest."""
    rows = [(each.header_bytes, each.salt, each.body, each.body_digest, each.digest) for each in records]
    return msgspec.msgpack.encode(rows)


def unpack(data: bytes) -> tuple[LogRecord, ...]:
    """Decode what `pack` has made. Raises ProtocolError."""
    try:
        return tuple(
            LogRecord(
                header=decode_header(header),
                header_bytes=header,
                salt=salt,
                body=body,
                body_digest=digest_of_body,
                digest=digest,
            )
            for header, salt, body, digest_of_body, digest in read(_rows, data)
        )
    except Unreadable:
        raise ProtocolError(f"Events of {len(data)} bytes can't be read.") from None


def read_node_state(data: bytes) -> NodeState:
    """Decode the `NodeState` that `encode` has encoded. Raises ProtocolError."""
    try:
        return read(_node_state, data)
    except Unreadable:
        raise ProtocolError(f"A node's list of copies can't be read from {len(data)} bytes.") from None


def read_book(data: bytes) -> WholeBook:
    """Decode the `WholeBook` that `encode` has encoded. Raises ProtocolError."""
    try:
        return read(_book, data)
    except Unreadable:
        raise ProtocolError(f"A node's book can't be read from {len(data)} bytes.") from None


def encode(message: ToKeeper | ToNode | NodeState | WholeBook) -> bytes:
    """The MessagePack of a message's frame, or of the answer to a node's request."""
    return msgspec.msgpack.encode(message)


def decode_to_keeper(frame: bytes) -> ToKeeper:
    """Decode a message that a node sent. Raises UnknownKind, and ProtocolError for an invalid frame."""
    try:
        return _to_keeper.read(frame)
    except Unreadable:
        raise _unreadable(frame) from None


def decode_to_node(frame: bytes) -> ToNode:
    """Decode a message that the keeper sent. Raises UnknownKind, and ProtocolError for an invalid frame."""
    try:
        return _to_node.read(frame)
    except Unreadable:
        raise _unreadable(frame) from None


def _unreadable(frame: bytes) -> ProtocolError:
    return ProtocolError(f"A message of {len(frame)} bytes on the link of nodes can't be read.")
