from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.core.translation.routes import RouteScore
from moothall.testing.translator_link import DIRECTIONS
from moothall.wire import translation as wire

SCORE = RouteScore(chrf2=69.4, ms=10.2, p95_ms=14.3, sentences=40)


@pytest.mark.parametrize("message", [wire.Prepare(direction=1), wire.Translate(id=3, direction=0, text="Good\0 ^$[")])
def test_what_goes_to_translators_comes_as_it_was(message: wire.ToTranslators) -> None:
    assert wire.decode_to_translators(wire.encode(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        wire.TranslatorHello(
            protocol=wire.PROTOCOL, name="t", directions=DIRECTIONS, missing=("apt-get install apertium",)
        ),
        wire.Unfit(direction=2, reason="It says nonsense."),
        wire.Fit(direction=2),
        wire.Translated(id=3, text="صباح الخير"),
        wire.NotTranslated(id=3, reason="It failed."),
        wire.Scores(scores=(wire.WayScore(directions=(0, 2), score=SCORE),)),
    ],
)
def test_what_comes_from_translators_comes_as_it_was(message: wire.FromTranslators) -> None:
    assert wire.decode_from_translators(wire.encode(message)) == message


@pytest.mark.parametrize(
    "frame", [b"", b"\xc1", msgspec.msgpack.encode({"m": "translate", "id": "one"}), msgspec.msgpack.encode({})]
)
def test_what_is_no_message_is_refused_without_telling_what_it_held(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match=f"{len(frame)} bytes"):
        wire.decode_to_translators(frame)
    with pytest.raises(ProtocolError, match=f"no message of protocol {wire.PROTOCOL}"):
        wire.decode_from_translators(frame)
