from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, InterventionId, NoteId, SessionId
from moothall.core.rules.authority import COMMANDS, may_send
from moothall.core.rules.making import (
    MAX_LANGUAGES,
    MAX_REASON,
    MAX_TEXT,
    MAX_TITLE,
    MOST_BELOW,
    MOST_HUBS,
    MOST_PEOPLE,
)
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import FLOOR, WALL, carry_out, created, events, refused, speaking
from support.sessions.questions import ask


def test_a_session_is_made_once_with_a_title_and_a_language() -> None:
    empty = State(id=SessionId("s"))
    made = do.CreateSession(title="Access", languages=("en",), young_people=True, sound=ev.SoundKept.PUBLISHED)
    (event,) = events(empty, made)
    assert isinstance(event, ev.SessionCreated)
    assert event.sound is ev.SoundKept.NONE
    assert refused(created(), made).code is RefusalCode.CONFLICT
    assert refused(empty, do.CreateSession(title="", languages=("en",))).code is RefusalCode.INVALID
    for languages in ((), ("en", "x<y>")):
        assert refused(empty, do.CreateSession(title="Access", languages=languages)).code is RefusalCode.INVALID


def test_its_title_is_mended_and_its_languages_until_it_begins() -> None:
    described = do.DescribeSession(title="Access for all", languages=("fr",))
    assert events(created(), described) == [ev.SessionDescribed(title="Access for all", languages=("fr",))]
    begun = carry_out(created(), do.OpenSession())
    assert refused(begun, described).code is RefusalCode.CONFLICT
    for title in (" ", "x" * (MAX_TEXT + 1)):
        assert refused(begun, do.DescribeSession(title=title)).code is RefusalCode.INVALID
    unknown = do.DescribeSession(title="Access", languages=("x<y>",))
    assert refused(created(), unknown).code is RefusalCode.INVALID


def test_a_text_has_a_name_of_its_own_and_only_a_translation_is_of_record_or_not() -> None:
    pt = do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",))
    assert events(created(), pt) == [
        ev.ChannelAdded(channel=ChannelId("pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",), requested=WALL)
    ]
    again = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
    assert refused(created(), again).code is RefusalCode.CONFLICT
    unnamed = do.AddChannel(channel=ChannelId(""), kind=ev.ChannelKind.FLOOR, languages=("en",))
    assert refused(created(), unnamed).code is RefusalCode.INVALID
    unknown = do.AddChannel(channel=ChannelId("c"), kind=ev.ChannelKind.FLOOR, languages=("in English",))
    assert refused(created(), unknown).code is RefusalCode.INVALID
    kept = do.AddChannel(channel=ChannelId("b"), kind=ev.ChannelKind.FLOOR, languages=("en",), of_record=True)
    assert refused(created(), kept).code is RefusalCode.INVALID


def test_which_languages_are_spoken_is_put_right_in_a_session_that_is_on() -> None:
    begun = carry_out(created(), do.OpenSession())
    spoken = do.SetLanguages(languages=("es", "en"))
    assert events(begun, spoken) == [ev.SessionDescribed(title=begun.title, languages=("es", "en"))]
    assert carry_out(begun, spoken).channels[FLOOR].languages == ("es", "en")
    many = tuple(f"aa-{number:03}" for number in range(MAX_LANGUAGES + 1))
    for languages in ((), ("en", "en"), ("in English",), many):
        assert refused(begun, do.SetLanguages(languages=languages)).code is RefusalCode.INVALID


def arranged(access: ev.Access = ev.Access.STAFF, sound: ev.SoundKept = ev.SoundKept.NONE) -> do.ArrangeSession:
    return do.ArrangeSession(access=access, sound=sound)


def voices(use: ev.VoiceUse) -> do.ArrangeSession:
    return do.ArrangeSession(access=ev.Access.PUBLIC, sound=ev.SoundKept.UNTIL_CHECKED, voice_use=use)


def test_who_may_read_and_what_becomes_of_the_sound_is_changed_until_its_end() -> None:
    before = created()
    assert events(before, arranged()) == [ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE)]
    after = carry_out(before, arranged())
    assert (after.access, after.sound, after.listed) == (ev.Access.STAFF, ev.SoundKept.NONE, True)
    begun = carry_out(before, do.OpenSession())
    closed = carry_out(begun, do.CloseSession())
    for other in (arranged(sound=begun.sound), arranged(access=begun.access, sound=ev.SoundKept.PUBLISHED)):
        assert len(events(begun, other)) == 1
        assert refused(closed, other).code is RefusalCode.CONFLICT
    hidden = carry_out(closed, do.ArrangeSession(access=begun.access, sound=begun.sound, listed=False))
    assert not hidden.listed


def test_what_is_measured_of_voices_is_said_only_where_it_changes() -> None:
    none = msgspec.structs.replace(arranged(), voice_use=ev.VoiceUse.NONE)
    state = carry_out(created(), none)
    assert state.voice_use is ev.VoiceUse.NONE
    for same in (none, arranged()):
        (event,) = events(state, same)
        assert isinstance(event, ev.SessionArranged)
        assert event.voice_use is msgspec.UNSET
        assert carry_out(state, same) == state
    closed = carry_out(state, do.OpenSession(), do.CloseSession())
    wider = msgspec.structs.replace(arranged(), voice_use=ev.VoiceUse.ALLOWED)
    assert refused(closed, wider).code is RefusalCode.CONFLICT


def test_sound_that_was_not_kept_is_kept_from_the_change_on() -> None:
    begun = carry_out(created(), do.OpenSession())
    assert begun.sound_from == 0
    none = evolve(begun, ev.SessionArranged(access=begun.access, sound=ev.SoundKept.NONE), WALL + 5_000)
    kept = ev.SessionArranged(access=begun.access, sound=ev.SoundKept.UNTIL_CHECKED)
    again = evolve(none, kept, WALL + 9_000)
    assert (none.sound_from, again.sound_from) == (0, 9_000)
    more = ev.SessionArranged(access=begun.access, sound=ev.SoundKept.PUBLISHED)
    assert evolve(again, more, WALL + 20_000).sound_from == 9_000
    assert evolve(evolve(created(), none_of(created())), kept, WALL).sound_from == 0


def none_of(state: State) -> ev.SessionArranged:
    return ev.SessionArranged(access=state.access, sound=ev.SoundKept.NONE)


def test_sound_that_was_erased_or_not_recorded_can_not_be_brought_back() -> None:
    begun = carry_out(created(), do.OpenSession())
    soundless = carry_out(begun, arranged(access=begun.access))
    for state, command in ((begun, arranged()), (soundless, arranged(sound=ev.SoundKept.PUBLISHED))):
        assert read_act(state, events(state, command, actor=SYSTEM)).undoing == ()
    restricted = arranged(sound=begun.sound)
    act = read_act(begun, events(begun, restricted, actor=SYSTEM))
    assert act.undoing == (arranged(access=begun.access, sound=begun.sound),)


def test_of_young_people_no_sound_is_kept_whatever_is_asked() -> None:
    young = msgspec.structs.replace(created(), young_people=True)
    (event,) = events(young, arranged(sound=ev.SoundKept.PUBLISHED))
    assert event == ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE)


def test_what_is_cancelled_can_not_begin_until_it_is_held_after_all() -> None:
    cancelled = carry_out(created(), do.CancelSession(reason=" No\n quorum "))
    assert cancelled.cancelled == "No quorum"
    assert refused(cancelled, do.OpenSession()).code is RefusalCode.CONFLICT
    assert refused(cancelled, ask("a")).message == "The meeting is cancelled and takes no questions."
    again = carry_out(cancelled, do.CancelSession(reason="Storm"))
    assert again.cancelled == "Storm"
    held = carry_out(again, do.ReinstateSession())
    assert held.cancelled is None
    assert refused(held, do.ReinstateSession()).code is RefusalCode.CONFLICT
    begun = carry_out(held, do.OpenSession())
    assert refused(begun, do.CancelSession()).code is RefusalCode.CONFLICT
    assert refused(created(), do.CancelSession(reason="x" * (MAX_REASON + 1))).code is RefusalCode.INVALID


@pytest.mark.parametrize(
    ("before", "command", "undoing"),
    [
        ((), arranged(), do.ArrangeSession(access=ev.Access.PUBLIC, sound=ev.SoundKept.UNTIL_CHECKED)),
        ((), voices(ev.VoiceUse.NONE), voices(ev.VoiceUse.ALLOWED)),
        ((), do.CancelSession(reason="Storm"), do.ReinstateSession()),
        ((do.CancelSession(reason="Storm"),), do.CancelSession(), do.CancelSession(reason="Storm")),
        ((do.CancelSession(reason="Storm"),), do.ReinstateSession(), do.CancelSession(reason="Storm")),
    ],
)
def test_each_of_these_is_undone(
    before: tuple[do.AnyCommand, ...], command: do.AnyCommand, undoing: do.AnyCommand
) -> None:
    state = carry_out(created(), *before)
    act = read_act(state, events(state, command, actor=SYSTEM))
    assert (act.undoing, carry_out(carry_out(state, command), undoing)) == ((undoing,), state)


def test_only_the_server_says_how_a_session_is_held() -> None:
    for kind in (do.ArrangeSession, do.CancelSession, do.ReinstateSession):
        assert {role for role in Role if kind in COMMANDS[role]} == {Role.SYSTEM}


STATE = do.SetHubPresence(hub="north.kisumu", title=" Kisumu\n", people=23, here=True, since=1_000)


def state_hub(**more: object) -> do.SetHubPresence:
    return msgspec.structs.replace(STATE, **more)


def test_how_a_hub_stands_is_said_whole_and_once() -> None:
    assert events(created(), STATE) == [
        he.HubPresenceChanged(hub="north.kisumu", title="Kisumu", people=23, here=True, since=1_000, t=0)
    ]
    state = carry_out(speaking(), STATE)
    assert state.hubs == {"north.kisumu": HubNow(title="Kisumu", people=23, most=23, here=True, since=1_000)}
    assert refused(state, STATE).code is RefusalCode.CONFLICT
    assert carry_out(state, state_hub(counted=500)).hubs["north.kisumu"].counted == 500
    (cut,) = events(state, state_hub(here=False, since=2_000), wall=state.clock[1] + 7_000)
    assert isinstance(cut, he.HubPresenceChanged)
    assert cut.t == state.clock[0] + 7_000
    assert carry_out(state, state_hub(people=None)).hubs["north.kisumu"].people is None


@pytest.mark.parametrize(
    "wrong",
    [
        state_hub(hub="No Name"),
        state_hub(title="  "),
        state_hub(title="x" * (MAX_TITLE + 1)),
        state_hub(people=-1),
        state_hub(people=MOST_PEOPLE + 1),
        state_hub(since=-1),
        state_hub(counted=-1),
    ],
)
def test_what_can_be_said_of_no_hub(wrong: do.SetHubPresence) -> None:
    assert refused(created(), wrong).code is RefusalCode.INVALID


def test_there_is_an_end_to_hubs() -> None:
    full = msgspec.structs.replace(created(), hubs={f"h{n}": _hub() for n in range(MOST_HUBS)})
    assert refused(full, STATE).code is RefusalCode.CONFLICT
    assert carry_out(full, state_hub(hub="h1")).hubs["h1"].people == 23
    north = {"north": _hub(), **{f"north.h{n}": _hub() for n in range(MOST_BELOW - 1)}}
    below = msgspec.structs.replace(created(), hubs=north)
    assert refused(below, STATE).code is RefusalCode.CONFLICT
    assert carry_out(below, state_hub(hub="northern"), state_hub(hub="north.h1")).hubs["north.h1"].people == 23


def _hub() -> HubNow:
    return HubNow(title="Hub", people=None, most=0, here=True, since=0)


def test_only_the_server_says_it_and_nothing_undoes_it() -> None:
    assert {role for role in Role if do.SetHubPresence in COMMANDS[role]} == {Role.SYSTEM}
    state: State = created()
    assert read_act(state, events(state, STATE, actor=SYSTEM)).undoing == ()


def test_a_hub_acts_for_itself_and_for_those_below_it() -> None:
    def acts(hub: str) -> tuple[do.AnyCommand, ...]:
        asked = do.Ask(
            intervention=InterventionId("q"),
            kind=InterventionKind.QUESTION,
            text="Why?",
            language="en",
            asker="a",
            origin=f"hub:{hub}",
        )
        return asked, do.LeaveHubNote(hub=hub, note=NoteId("n"), text="x"), do.ReadHubNote(hub=hub, note=NoteId("n"))

    north = Actor(Role.HUB, "north", hub="north")
    for hub, may in (("north", True), ("north.kisumu", True), ("northern", False), ("south", False)):
        assert all(may_send(north.role, each, hub=north.hub) is may for each in acts(hub))
    room = msgspec.structs.replace(acts("north")[0], origin="room")
    assert not may_send(Role.HUB, room, hub="north")
    assert not may_send(Role.HUB, do.SetHubPresence(hub="north", title="N", people=1, here=True, since=0), hub="north")
