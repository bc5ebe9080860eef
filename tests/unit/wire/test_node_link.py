from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.signals import Partial, Unrecorded
from moothall.wire.kinds import UnknownKind
from moothall.wire.node_link import (
    Follow,
    Leave,
    News,
    ReadHere,
    Tick,
    ToKeeper,
    ToNode,
    decode_to_keeper,
    decode_to_node,
    encode,
    news,
    signals_of,
)

SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
SAID = Partial(channel=FLOOR, segment=SegmentId("s"), first=2, text="and so", language="en")
HIDDEN = Unrecorded(channel=FLOOR, text="между нами", language="ru")


@pytest.mark.parametrize(
    "message", [Follow(session=SESSION), Leave(session=SESSION), ReadHere(session=SESSION, readers={FLOOR: 3})]
)
def test_what_a_node_says_is_read(message: ToKeeper) -> None:
    assert decode_to_keeper(encode(message)) == message


@pytest.mark.parametrize("message", [news(SESSION, 7, (SAID, HIDDEN)), Tick()])
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
    for decode, wrong in ((decode_to_keeper, Tick()), (decode_to_node, Follow(session=SESSION))):
        with pytest.raises(UnknownKind):
            decode(msgspec.msgpack.encode({"m": "later"}))
        for frame in (b"", b"\x90", encode(wrong)):
            with pytest.raises(ProtocolError, match=f"A message of {len(frame)} bytes on the link of nodes"):
                decode(frame)
