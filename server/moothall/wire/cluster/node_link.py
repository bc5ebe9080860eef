"""The link of nodes: MessagePack messages over one WebSocket from each node that stands by to the keeper, at `PATH`.

Node → keeper: which sessions are read there, and by how many. Keeper → node: where the logs of those sessions end by
now, the signals of the moment, and a tick each second. Events aren't sent: the node reads them from Redis, and `News`
is the bell. So words that are never stored, which are signals, go over this link and nowhere else.

The keeper also asks whether a node's copy of a closed session is the same as its own, before Redis gives that log up;
and a node asks, by GET `LOG_PATH`, for what Redis no longer has. Whoever takes over a house whose Redis may have lost
something asks all other nodes what they have, by that, `STAND_PATH` and `BOOK_PATH`. While Redis is away the keeper
asks each node whether it is without Redis too (`core/cluster/one_copy.py`); a node that doesn't answer has not
confirmed. A node says how far into the list of removals its own copies, on the disk and in memory, are without what was
removed.

Nothing else is acknowledged. A link that is dialled again begins with `Erased`, and `Follow` and `ReadHere` of all that
is read there, and gets the newest signals of each session.
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
"""No visitor is carried there."""
LOG_PATH = "/node/log/{session}"
"""Events of a session's log behind `?after=`, `MOST_EVENTS` at most, as `pack` makes them; for nodes alone."""
STAND_PATH = "/node/stand"
"""`Stand` of a node; for nodes alone."""
BOOK_PATH = "/node/book"
"""`WholeBook` of a node; for nodes alone."""
MOST_EVENTS = 250
MAX_FRAME_BYTES = 1 << 20
MOST_FOLLOWED = 1_000
"""Sessions that one node follows. Overflow: `Follow` of another one is an error, and the readers of that session are
served by the keeper."""
TICK_MS = 1_000


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """What a node has."""

    heads: Mapping[SessionId, LogHead]
    """Where its own logs end."""
    change: int | None
    """Which change of the shared book its own one has; None where it never followed."""


class WholeBook(msgspec.Struct, frozen=True, kw_only=True):
    """A node's own book."""

    change: int
    entries: Mapping[str, Mapping[str, bytes]]
    """By namespace and key."""


class NodeMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """A frame of the link of nodes."""


class Follow(NodeMessage, frozen=True, kw_only=True, tag="follow"):
    """Node → keeper: the session is read here from now on."""

    session: SessionId


class Leave(NodeMessage, frozen=True, kw_only=True, tag="leave"):
    """Node → keeper: it isn't any more."""

    session: SessionId


class ReadHere(NodeMessage, frozen=True, kw_only=True, tag="read"):
    """Node → keeper: how many read each text of a followed session, in place of what was said before."""

    session: SessionId
    readers: dict[ChannelId, int]


class Kept(NodeMessage, frozen=True, kw_only=True, tag="kept"):
    """Node → keeper: a copy here is the same as what `Compare` said, and on the disk."""

    session: SessionId
    epoch: Epoch
    lanes: dict[Lane, LaneHead]


class Compare(NodeMessage, frozen=True, kw_only=True, tag="compare"):
    """Keeper → node: how a log stands; to be answered with `Kept` by whoever has the same."""

    session: SessionId
    epoch: Epoch
    lanes: dict[Lane, LaneHead]


class Without(NodeMessage, frozen=True, kw_only=True, tag="without"):
    """Node → keeper: the answer to `AskWithout`."""

    number: int
    """Of the question."""
    redis: bool
    """Whether the node is without Redis, and has promised to take nothing over."""


class AskWithout(NodeMessage, frozen=True, kw_only=True, tag="ask-without"):
    """Keeper → node: it is without Redis; is the node, too?"""

    number: int


class Erased(NodeMessage, frozen=True, kw_only=True, tag="erased"):
    """Node → keeper: so far into the list of removals everything is gone from here."""

    applied: Applied


class News(NodeMessage, frozen=True, kw_only=True, tag="news"):
    """Keeper → node: a followed session's log ends here by now, and then these signals hold."""

    session: SessionId
    offset: int
    signals: bytes = b"[]"
    """JSON, as readers get them; the newest of each key."""


class Tick(NodeMessage, frozen=True, kw_only=True, tag="tick"):
    """Keeper → node, each `TICK_MS`: the line is alive."""


ToKeeper = Follow | Leave | ReadHere | Kept | Without | Erased
ToNode = News | Tick | Compare | AskWithout
_ALL = get_args(ToKeeper) + get_args(ToNode)
_to_keeper = Kinds[ToKeeper](msgspec.msgpack.Decoder(ToKeeper), _ALL)
_to_node = Kinds[ToNode](msgspec.msgpack.Decoder(ToNode), _ALL)
_Row = tuple[bytes, bytes | None, bytes | None, bytes, bytes]
_rows = msgspec.msgpack.Decoder(tuple[_Row, ...])
_stand = msgspec.msgpack.Decoder(Stand)
_book = msgspec.msgpack.Decoder(WholeBook)
_signals = msgspec.json.Decoder(tuple[msgspec.Raw, ...])


def news(session: SessionId, offset: int, signals: Sequence[AnySignal]) -> News:
    """What is told of a session."""
    return News(session=session, offset=offset, signals=msgspec.json.encode(signals))


def signals_of(told: News) -> tuple[AnySignal, ...]:
    """Those whose kind this release knows. Raises ProtocolError."""
    try:
        return known_signals(read(_signals, told.signals))
    except Unreadable:
        raise ProtocolError(f"Signals of {len(told.signals)} bytes can't be read.") from None


def pack(records: Sequence[LogRecord]) -> bytes:
    """Events as a node asks for them: header, salt, body, digest of the body, digest."""
    rows = [(each.header_bytes, each.salt, each.body, each.body_digest, each.digest) for each in records]
    return msgspec.msgpack.encode(rows)


def unpack(data: bytes) -> tuple[LogRecord, ...]:
    """What `pack` has made. Raises ProtocolError."""
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


def read_stand(data: bytes) -> Stand:
    """A `Stand` from what `encode` has made. Raises ProtocolError."""
    try:
        return read(_stand, data)
    except Unreadable:
        raise ProtocolError(f"What a node has can't be read from {len(data)} bytes.") from None


def read_book(data: bytes) -> WholeBook:
    """A `WholeBook` from what `encode` has made. Raises ProtocolError."""
    try:
        return read(_book, data)
    except Unreadable:
        raise ProtocolError(f"A node's book can't be read from {len(data)} bytes.") from None


def encode(message: ToKeeper | ToNode | Stand | WholeBook) -> bytes:
    """The frame of a message, or an answer of a node."""
    return msgspec.msgpack.encode(message)


def decode_to_keeper(frame: bytes) -> ToKeeper:
    """A message of a node. Raises UnknownKind, and ProtocolError for what is none."""
    try:
        return _to_keeper.read(frame)
    except Unreadable:
        raise _unreadable(frame) from None


def decode_to_node(frame: bytes) -> ToNode:
    """A message of the keeper. Raises UnknownKind, and ProtocolError for what is none."""
    try:
        return _to_node.read(frame)
    except Unreadable:
        raise _unreadable(frame) from None


def _unreadable(frame: bytes) -> ProtocolError:
    return ProtocolError(f"A message of {len(frame)} bytes on the link of nodes can't be read.")
