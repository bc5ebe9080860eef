"""Messages to the process that compares meanings have their length before them."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.wire.meaning import LENGTH, Embed, HoldSession, LikeLine, LikeLines, Seek, ToMeaning, framed

S = SessionId("plenary")


def test_a_message_is_its_length_and_itself() -> None:
    for message in (
        Embed(("one", "deux")),
        HoldSession(S, (SegmentId("l0"),), ("en",), b"\x7f"),
        Seek("q", (S,), 9, 0.8),
    ):
        data = framed(message)
        (size,) = LENGTH.unpack(data[: LENGTH.size])
        assert size == len(data) - LENGTH.size
        assert msgspec.msgpack.decode(data[LENGTH.size :], type=ToMeaning) == message
    found = LikeLines((LikeLine(S, SegmentId("l0"), 0.5),))
    assert msgspec.msgpack.decode(framed(found)[LENGTH.size :], type=LikeLines) == found
