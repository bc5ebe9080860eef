from __future__ import annotations

import msgspec
import pytest

from moothall.core.cluster.removals import Applied
from moothall.core.events.types import LaneHead, SessionPaused
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Lane, SegmentId, SessionId
from moothall.core.ports import LogHead
from moothall.core.signals import Partial, Unrecorded
from moothall.wire.cluster.node_link import (
    AskWithout,
    Compare,
    FollowSession,
    Kept,
    LeaveSession,
    News,
    NodeErased,
    NodeState,
    ReadHere,
    Tick,
    ToKeeper,
    ToNode,
    WholeBook,
    Without,
    decode_to_keeper,
    decode_to_node,
    encode,
    news,
    pack,
    read_book,
    read_node_state,
    signals_of,
    unpack,
)
from moothall.wire.kinds import UnknownKind
from support.sessions.recorder import EPOCH, Recorder

SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
SAID = Partial(channel=FLOOR, segment=SegmentId("s"), first=2, text="and so", language="en")
COMPARED = Compare(session=SESSION, epoch=EPOCH, lanes={Lane("s"): LaneHead(offset=7, digest="ab")})
HIDDEN = Unrecorded(channel=FLOOR, text="между нами", language="ru")


@pytest.mark.parametrize(
    "message",
    [
        FollowSession(session=SESSION),
        LeaveSession(session=SESSION),
        ReadHere(session=SESSION, readers={FLOOR: 3}),
        Kept(session=SESSION, epoch=EPOCH, lanes={Lane("s"): LaneHead(offset=7, digest="ab")}),
        Without(number=3, redis=True),
        NodeErased(applied=Applied(3, "ab")),
    ],
)
def test_what_a_node_says_is_read(message: ToKeeper) -> None:
    assert decode_to_keeper(encode(message)) == message


@pytest.mark.parametrize("message", [news(SESSION, 7, (SAID, HIDDEN)), Tick(), COMPARED, AskWithout(number=3)])
def test_what_the_keeper_says_is_read(message: ToNode) -> None:
    assert decode_to_node(encode(message)) == message


def test_signals_are_read_and_those_of_a_later_release_passed_over() -> None:
    told = news(SESSION, 7, (SAID, HIDDEN))
    assert signals_of(told) == (SAID, HIDDEN)
    later = msgspec.json.encode([{"kind": "applause", "channel": "floor", "loud": 3}, SAID])
    assert signals_of(News(session=SESSION, offset=7, signals=later)) == (SAID,)
    for wrong in (b"", b"{}", b'[{"kind":"partial"}]', b"[1]"):
        with pytest.raises(ProtocolError, match=f"Signals of {len(wrong)} bytes can't be read"):
            signals_of(News(session=SESSION, offset=7, signals=wrong))


def test_a_later_release_says_more_and_the_other_direction_is_an_error() -> None:
    assert decode_to_node(msgspec.msgpack.encode({"m": "tick", "more": [1]})) == Tick()
    for decode, wrong in ((decode_to_keeper, Tick()), (decode_to_node, FollowSession(session=SESSION))):
        with pytest.raises(UnknownKind):
            decode(msgspec.msgpack.encode({"m": "later"}))
        for frame in (b"", b"\x90", encode(wrong)):
            with pytest.raises(ProtocolError, match=f"A message of {len(frame)} bytes on the link of nodes"):
                decode(frame)


def test_events_come_as_they_are_also_without_what_was_removed() -> None:
    recorder = Recorder()
    one, two = (recorder.record(SessionPaused(t=n)) for n in (1, 2))
    gone = msgspec.structs.replace(two, salt=None, body=None)
    assert unpack(pack([one, gone])) == (one, gone)
    assert unpack(pack([])) == ()
    for wrong in (b"", b"\x91\x01", pack([msgspec.structs.replace(one, header_bytes=b"{}")])):
        with pytest.raises(ProtocolError, match=f"Events of {len(wrong)} bytes can't be read"):
            unpack(wrong)


def test_what_a_node_has_comes_as_it_is_and_a_later_release_says_more() -> None:
    head = LogHead(epoch=EPOCH, term=1_001_000, offset=7, lanes=COMPARED.lanes, lost=2)
    state, book = (
        NodeState(heads={SESSION: head}, change=None),
        WholeBook(change=3, entries={"rooms": {"hall": b"\xff"}}),
    )
    assert read_node_state(encode(state)) == state
    assert read_book(encode(book)) == book
    assert read_node_state(msgspec.msgpack.encode({"heads": {}, "change": 3, "more": 1})) == NodeState(
        heads={}, change=3
    )
    for wrong in (b"", b"\x90"):
        with pytest.raises(ProtocolError, match="A node's list of copies can't be read from"):
            read_node_state(wrong)
        with pytest.raises(ProtocolError, match="A node's book can't be read from"):
            read_book(wrong)
