from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, SpeakerId
from moothall.core.sessions.state import State
from support.sessions.deciding import (
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    end,
    events,
    line_of,
    refused,
    segment,
    speaking,
    word,
)


def test_speakers_are_introduced_and_lines_given_to_them() -> None:
    ana = SpeakerId("ana")
    introduce = do.IntroduceSpeaker(speaker=ana, name="Ana Souza")
    assert events(speaking(), introduce) == [ev.SpeakerIntroduced(speaker=ana, name="Ana Souza")]
    for wrong in ({"speaker": SpeakerId("No")}, {"name": ""}):
        assert refused(speaking(), msgspec.structs.replace(introduce, **wrong)).code is RefusalCode.INVALID
    assign = do.AssignSpeaker(segments=(segment("a"), segment("b")), speaker=ana)
    assert refused(speaking(), assign).code is RefusalCode.UNKNOWN
    state = carry_out(speaking(), introduce)
    assert events(state, assign) == [ev.SpeakerAssigned(segments=(segment("a"), segment("b")), speaker=ana)]
    assert len(events(state, msgspec.structs.replace(assign, speaker=None))) == 1
    for lines in ((), (segment("x"),)):
        assert refused(state, msgspec.structs.replace(assign, segments=lines)).code is RefusalCode.UNKNOWN


ANA, BO = SpeakerId("ana"), SpeakerId("bo")


def with_people() -> State:
    return carry_out(
        speaking(), do.IntroduceSpeaker(speaker=ANA, name="Ana"), do.IntroduceSpeaker(speaker=BO, name="Bo")
    )


def test_who_takes_the_floor_is_given_the_lines_that_open_from_then_on() -> None:
    take = do.SetSpeaker(channel=FLOOR, speaker=ANA)
    assert events(with_people(), take, wall=WALL + 1600) == [ev.SpeakerChanged(channel=FLOOR, speaker=ANA, t=1600)]
    state = carry_out(with_people(), take)
    state = carry_out(state, end("b", 1500), commit("c", 0, word("So", 1700, 1800), start=1700), actor=ENGINE)
    assert (line_of(state, "b").speaker, line_of(state, "c").speaker) == (None, ANA)
    nobody = carry_out(state, do.SetSpeaker(channel=FLOOR, speaker=None))
    assert nobody.channels[FLOOR].speaker is None


def test_the_floor_may_have_been_taken_some_lines_ago() -> None:
    assert events(with_people(), do.SetSpeaker(channel=FLOOR, speaker=BO, since=segment("a"))) == [
        ev.SpeakerChanged(channel=FLOOR, speaker=BO, t=0),
        ev.SpeakerAssigned(segments=(segment("a"), segment("b")), speaker=BO),
    ]
    state = carry_out(with_people(), do.SetSpeaker(channel=FLOOR, speaker=BO, since=segment("b")))
    assert (line_of(state, "a").speaker, line_of(state, "b").speaker) == (None, BO)


def test_the_floor_is_taken_by_people_of_the_session_in_a_channel_and_since_a_line_of_it() -> None:
    state = carry_out(
        with_people(),
        do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)),
    )
    for take in (
        do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("nobody")),
        do.SetSpeaker(channel=ChannelId("xx"), speaker=ANA),
        do.SetSpeaker(channel=FLOOR, speaker=ANA, since=segment("x")),
        do.SetSpeaker(channel=ChannelId("pt"), speaker=ANA, since=segment("a")),
    ):
        assert refused(state, take).code is RefusalCode.UNKNOWN
