from __future__ import annotations

import msgspec

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
    taken_away,
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


def test_what_is_taken_away_has_the_key_of_what_it_takes_away() -> None:
    said = (
        Partial(channel=FLOOR, segment=SegmentId("s"), first=2, text="and so", language="en"),
        Typing(channel=FLOOR, segment=SegmentId("s"), text="What of", language="en", speaker=None),
        Unsaved(channel=FLOOR, text="kept nowhere"),
        Unrecorded(channel=FLOOR, text="between us", language="en"),
    )
    for signal in said:
        over = taken_away(signal)
        assert (over.key, over) == (signal.key, msgspec.structs.replace(signal, text=""))
    awaited, stand_in = LastWords(channel=FLOOR, awaited=True), StandIn(channel=FLOOR, instead=ChannelId("mt-fr"))
    assert taken_away(awaited) == LastWords(channel=FLOOR, awaited=False)
    assert taken_away(stand_in) == StandIn(channel=FLOOR, instead=None)
    state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=1, t=2)
    assert taken_away(state) is state
