from __future__ import annotations

from collections.abc import Sequence

import pytest

from moothall.core import commands as do
from moothall.core.sessions.state import State
from moothall.core.signals import AnySignal, Partial, Unrecorded
from moothall.services.log.publication import Publication, signals_of
from support.sessions.deciding import ENGINE, FLOOR, carry_out, commit, end, opened, segment, speaking, word
from support.sessions.meeting import opened as told_opened
from support.sessions.meeting import partial
from support.sessions.recorder import SESSION, Recorder


def test_every_record_comes_with_what_it_says() -> None:
    record = Recorder().record(told_opened("s1"))
    assert Publication(session=SESSION, records=(record,), events=(told_opened("s1"),)).signals == ()
    assert Publication(session=SESSION, signals=(partial(" a"),)).records == ()
    with pytest.raises(ValueError, match="1 records but 0 events"):
        Publication(session=SESSION, records=(record,))


def shown(state: State, *commands: do.AnyCommand) -> Sequence[AnySignal]:
    return signals_of(commands, carry_out(state, *commands, actor=ENGINE))


def test_a_commit_shows_the_unconfirmed_rest_and_an_end_takes_it_away() -> None:
    first = commit("a", 0, word("Good", 0, 300), start=0)
    rest = do.CommitWords(
        channel=FLOOR, generation=1, segment=segment("a"), first=1, words=(word(" day", 300, 600),), rest=" to you"
    )
    assert shown(opened(), first, rest, end("a", 600)) == [
        Partial(channel=FLOOR, segment=segment("a"), first=1, text="", language="en"),
        Partial(channel=FLOOR, segment=segment("a"), first=2, text=" to you", language="en"),
        Partial(channel=FLOOR, segment=segment("a"), first=0, text="", language="en"),
    ]


NO_PARTIAL = Partial(channel=FLOOR, segment=segment(""), first=0, text="", language="")
NO_UNRECORDED = Unrecorded(channel=FLOOR, text="", language="")


def test_what_is_struck_or_not_recorded_any_more_is_not_on_the_screen_either() -> None:
    assert shown(speaking(), do.RewindChannel(channel=FLOOR, t=0)) == [NO_PARTIAL]
    for begins in (do.BeginNotRecorded(back=1), do.PauseSession(back=1)):
        assert shown(speaking(), begins) == [NO_PARTIAL]


def test_what_was_said_off_the_record_is_wiped_when_it_is_over() -> None:
    off = carry_out(speaking(), do.BeginNotRecorded())
    assert shown(off, do.EndNotRecorded()) == [NO_UNRECORDED]
    assert shown(off, do.CloseSession()) == [NO_UNRECORDED]
    assert shown(off, do.PauseSession()) == [NO_UNRECORDED], "in a break nobody hears it"


def test_other_acts_show_their_events_alone() -> None:
    assert shown(speaking(), do.BeginNotRecorded()) == []
    assert shown(speaking(), do.PauseSession(), do.CloseSession()) == []
