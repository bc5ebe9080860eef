"""Frames of the hub link for what comes all the time: in MessagePack the fields' names would be longer than the rest.

Such a frame begins with 0xC1, which MessagePack never uses, and a byte for what it is: a batch of a part by its place
in `moothall.wire.hub.messages.Part`, 3 for a pulse, or 4 for how a channel is doing. A batch goes on with its number,
the length of the session's name, the name, and the data; a pulse with `sent`, `echo` and `wall`; how a channel is
doing with the session's name and the channel's, each behind its length, the place of what is heard in
`moothall.core.signals.Sound`, `lag` and `t`. Numbers are as `moothall.wire.hub.numbers` has them.
"""

from __future__ import annotations

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId
from moothall.core.signals import ChannelState, Sound
from moothall.wire.hub.numbers import MOST_NUMBER, Reading, as_text, number

SHORT = b"\xc1"
PULSE = 3
"""Below it: a batch."""
STATE = 4
_SOUNDS = tuple(Sound)


def batch_frame(part: int, count: int, session: str, data: bytes) -> bytes | None:
    """The frame of a batch; None where its number is none that fits."""
    if not 0 <= count <= MOST_NUMBER:
        return None
    name = session.encode()
    return b"%b%c%b%b%b%b" % (SHORT, part, number(count), number(len(name)), name, data)


def pulse_frame(sent: int, echo: int, wall: int) -> bytes | None:
    """The frame of a pulse; None where one of its times is none that fits."""
    if not all(0 <= each <= MOST_NUMBER for each in (sent, echo, wall)):
        return None
    return b"%b%c%b%b%b" % (SHORT, PULSE, number(sent), number(echo), number(wall))


def state_frame(session: str, state: ChannelState) -> bytes | None:
    """The frame of how a channel is doing; None where one of its times is none that fits."""
    if not all(0 <= each <= MOST_NUMBER for each in (state.lag, state.t)):
        return None
    names = b"".join(number(len(name)) + name for name in (session.encode(), state.channel.encode()))
    sound = _SOUNDS.index(state.sound)
    return b"%b%c%b%b%b%b" % (SHORT, STATE, names, number(sound), number(state.lag), number(state.t))


def read_batch(frame: bytes) -> tuple[int, int, str, bytes]:
    """Part, number, session and data. Raises ProtocolError, as all here, with a clause for the caller's sentence."""
    reading = Reading(frame[1:])
    part, count = reading.number(), reading.number()
    return part, count, as_text(reading.take(reading.number())), reading.rest()


def read_pulse(frame: bytes) -> dict[str, int]:
    """`sent`, `echo` and `wall`."""
    reading = Reading(frame[1:])
    if reading.number() != PULSE:
        msg = "It is no message for this side."
        raise ProtocolError(msg)
    times = {name: reading.number() for name in ("sent", "echo", "wall")}
    if not reading.spent:
        msg = "It goes on behind its end."
        raise ProtocolError(msg)
    return times


def read_state(frame: bytes) -> tuple[str, ChannelState]:
    """The session, and how its channel is doing."""
    reading = Reading(frame[2:])
    session, channel = (as_text(reading.take(reading.number())) for _ in range(2))
    sound, lag, t = (reading.number() for _ in range(3))
    if sound >= len(_SOUNDS) or not reading.spent:
        msg = "It says nothing that this release knows of a channel."
        raise ProtocolError(msg)
    return session, ChannelState(channel=ChannelId(channel), sound=_SOUNDS[sound], lag=lag, t=t)
