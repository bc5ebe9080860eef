from __future__ import annotations

from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.signals import (
    AnySignal,
    ChannelState,
    LastWords,
    Partial,
    Sound,
    StandIn,
    Typing,
    Unrecorded,
    Unsaved,
)

FLOOR, PT = ChannelId("floor"), ChannelId("pt")


def partial(channel: ChannelId, text: str) -> Partial:
    return Partial(channel=channel, segment=SegmentId("s1"), first=0, text=text, language="en")


def test_signals_replace_those_of_their_kind_and_channel_only() -> None:
    given: list[AnySignal] = [
        partial(FLOOR, "Good"),
        ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=10, t=100),
        partial(PT, "Bom"),
        Unsaved(channel=FLOOR, text="Good"),
        Unrecorded(channel=FLOOR, text="Between us", language="en"),
        Unrecorded(channel=FLOOR, text="", language=""),
        LastWords(channel=FLOOR, awaited=True),
        LastWords(channel=FLOOR, awaited=False),
        StandIn(channel=PT, instead=ChannelId("mt-pt")),
        StandIn(channel=PT, instead=None),
        partial(FLOOR, "Good morning"),
        Typing(channel=FLOOR, segment=SegmentId("i1.a"), text="I", language="en", speaker=SpeakerId("i1")),
        Typing(channel=FLOOR, segment=SegmentId("i1.a"), text="I ask", language="en", speaker=SpeakerId("i1")),
    ]
    newest = {signal.key: signal for signal in given}
    assert newest == {
        "partial:floor": partial(FLOOR, "Good morning"),
        "state:floor": ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=10, t=100),
        "partial:pt": partial(PT, "Bom"),
        "unsaved:floor": Unsaved(channel=FLOOR, text="Good"),
        "unrecorded:floor": Unrecorded(channel=FLOOR, text="", language=""),
        "last-words:floor": LastWords(channel=FLOOR, awaited=False),
        "typing:floor": given[-1],
        "stand-in:pt": StandIn(channel=PT, instead=None),
    }
