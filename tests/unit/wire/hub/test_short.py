from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.signals import ChannelState, LastWords, Sound
from moothall.wire.hub import messages as wire
from moothall.wire.hub.short import batch_frame, pulse_frame, read_batch, read_pulse, read_state, state_frame

BATCH = wire.Batch(session=SessionId("plenary"), part=wire.Part.LIVE, data=b"\x01...")
LATE = ChannelState(channel=ChannelId("floor"), sound=Sound.SPEECH, lag=63_000, t=1_500_000)
PULSE = wire.Pulse(sent=70_000, echo=0, wall=1_764_000_000_000)


def test_what_comes_all_the_time_is_short() -> None:
    assert len(wire.encode(BATCH)) == len(BATCH.data) + 11
    assert len(wire.encode(PULSE)) == 12
    assert len(wire.encode(wire.Signalled(session=SessionId("plenary"), signal=LATE))) == 23


def test_a_pulse_comes_as_it_was_said_on_either_side() -> None:
    frame = wire.encode(PULSE)
    assert frame[:2] == b"\xc1\x03"
    assert wire.decode_to_hub(frame) == wire.decode_from_hub(frame) == PULSE


def test_numbers_that_fit_nowhere_go_the_long_way() -> None:
    assert batch_frame(0, -1, "plenary", b"") is None
    assert pulse_frame(-1, 0, 0) is None
    assert wire.decode_to_hub(wire.encode(wire.Pulse(sent=-5, wall=3))) == wire.Pulse(sent=-5, wall=3)


def test_how_a_channel_is_doing_comes_as_it_was_said() -> None:
    for sound in Sound:
        told = wire.Signalled(
            session=SessionId("plenary"), signal=ChannelState(channel=LATE.channel, sound=sound, lag=7, t=0)
        )
        assert wire.encode(told)[:2] == b"\xc1\x04"
        assert wire.decode_to_hub(wire.encode(told)) == told
    odd = wire.Signalled(
        session=SessionId("plenary"), signal=ChannelState(channel=LATE.channel, sound=Sound.NONE, lag=-1, t=0)
    )
    rare = wire.Signalled(session=SessionId("plenary"), signal=LastWords(channel=LATE.channel, awaited=True))
    for long in (odd, rare):
        assert not wire.encode(long).startswith(b"\xc1")
        assert wire.decode_to_hub(wire.encode(long)) == long


def test_a_sound_that_nobody_knows_and_bytes_behind_the_end_are_mistakes() -> None:
    frame = state_frame("plenary", LATE)
    assert frame is not None
    assert read_state(frame) == ("plenary", LATE)
    for wrong in (frame + b"\x00", frame.replace(b"floor\x00", b"floor\x03")):
        with pytest.raises(ProtocolError, match="says nothing that this release knows of a channel"):
            wire.decode_to_hub(wrong)


def test_a_short_frame_of_another_kind_is_no_message() -> None:
    with pytest.raises(ProtocolError, match="no message for this side"):
        read_pulse(b"\xc1\x05\x00\x00\x00")


def test_a_pulse_that_says_how_long_ago_the_centre_was_heard_can_be_read_by_a_hub_of_before() -> None:
    aged = wire.Pulse(sent=5, echo=3, wall=7, age=2_500)
    frame = wire.encode(aged)
    assert not frame.startswith(b"\xc1"), "where there is a number more in the short form it ends the link"
    assert wire.decode_to_hub(frame) == aged


def test_a_frame_says_what_it_is() -> None:
    frame = batch_frame(2, 300, "plenary", b"data")
    assert frame is not None
    assert read_batch(frame) == (2, 300, "plenary", b"data")
    with pytest.raises(ProtocolError, match="no message for this side"):
        read_pulse(frame)
    pulse = wire.encode(PULSE)
    with pytest.raises(ProtocolError, match="goes on behind its end"):
        read_pulse(pulse + b"\x00")


@pytest.mark.parametrize(
    "frame", [b"\xc1", b"\xc1\x00", b"\xc1\x00\x00\x05ab", b"\xc1\x00\x00\x01\xff", b"\xc1\x09", b"\xc1\x04\x01"]
)
def test_a_broken_one_is_a_sentence(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match=rf"A frame of {len(frame)} bytes from the server above can't be read: .*"):
        wire.decode_to_hub(frame)
    with pytest.raises(ProtocolError, match="from a hub can't be read"):
        wire.decode_from_hub(frame)


def test_a_hub_sends_no_batches() -> None:
    with pytest.raises(ProtocolError, match="from a hub can't be read: It is no message for this side"):
        wire.decode_from_hub(wire.encode(BATCH))
