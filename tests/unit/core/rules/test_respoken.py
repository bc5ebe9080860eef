"""A respeaker on air: whose words are accepted, how their lines are marked, and where the
machine continues after them.
"""

from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import (
    BACK_MS,
    KEPT_MS,
    MOST_LAG_MS,
    RESPOKEN_LAG_MS,
    Join,
    heard_behind,
    to_join,
)
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.removal.selection import Lines, again, selected, times
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    end,
    events,
    line_of,
    opened,
    refused,
    segment,
    speaking,
    word,
)

OTHER = Actor(Role.CAPTIONER, "c2")
TOOL = Actor(Role.TOOL, "x1", tool="StenoCo")
ON = do.PutOnAir(channel=FLOOR, source=le.AirSource.RESPEAKER)
WRITES = do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON)
OFF = do.PutOnAir(channel=FLOOR, source=le.AirSource.MACHINE)
ATTACH = do.AttachEngine(channel=FLOOR, model="m")


def respoken(through: int = 20_500) -> State:
    """A captioner respeaks from 5 s on; a line ended at 12 s, another one is open."""
    state = carry_out(carry_out(speaking(), ON, actor=CAPTIONER, wall=WALL + 5_000), ATTACH)
    return carry_out(
        state,
        commit("r", 0, word("The", 11_000, 11_400), word(" fund", 11_400, 12_000), start=11_000, generation=2),
        end("r", 12_000, generation=2),
        commit("s", 0, word("pays", 20_000, through), start=20_000, generation=2),
        actor=ENGINE,
    )


def test_an_engine_that_is_attached_anew_writes_and_its_lines_say_who_was_heard() -> None:
    taken = events(speaking(), ON, actor=CAPTIONER, wall=WALL + 5_000)
    assert taken == [
        le.SegmentEnded(channel=FLOOR, segment=segment("b"), t1=1500, reason=le.EndReason.SPEAKER, text="Welcome"),
        le.AirChanged(channel=FLOOR, source=le.AirSource.RESPEAKER, t=5_000, t0=1_500),
        le.AirHeld(channel=FLOOR, holder="c1", token=1),
    ]
    state = carry_out(speaking(), ON, actor=CAPTIONER, wall=WALL + 5_000)
    air = state.channels[FLOOR].air
    assert (air.recognised, air.machine, air.respoken, air.away) == (True, False, True, ((1_500, None),))
    assert state.channels[FLOOR].last_words == ()
    under_way = commit("c", 0, word("So", 6_000, 6_200), start=6_000)
    assert refused(state, under_way, actor=ENGINE).code is RefusalCode.STALE, "it heard the floor"
    line = line_of(respoken(), "r")
    assert (line.origin, line.respoken) == (le.Origin.MACHINE, True)
    assert not line_of(respoken(), "b").respoken


def test_the_machine_goes_on_behind_the_last_word_that_was_respoken() -> None:
    before = respoken()
    state = carry_out(before, OFF, wall=WALL + 22_000)
    assert [type(each) for each in events(before, OFF, wall=WALL + 22_000)] == [
        le.SegmentEnded,
        le.AirChanged,
        le.AirHeld,
    ]
    since = 20_500 - BACK_MS
    channel = state.channels[FLOOR]
    assert (channel.air.before, channel.committed_through, channel.last_words) == ((1_500, since), since, ())
    join = to_join(state, channel, since)
    assert join == Join("The fund pays", 20_500, RESPOKEN_LAG_MS)
    assert join is not None
    assert join.said == 18_500
    late = commit("s", 1, word(" more", 20_600, 20_900), generation=2)
    assert refused(state, late, actor=ENGINE).code is RefusalCode.STALE, "it heard the respeaker"
    again = commit("z", 0, word("So", 19_000, 19_300), start=20_500, generation=3)
    state = carry_out(state, ATTACH, again, actor=ENGINE)
    assert not line_of(state, "z").respoken
    assert to_join(state, state.channels[FLOOR], since) is None, "what follows is behind the machine's own"


def test_where_nothing_was_respoken_all_that_is_kept_is_heard_again() -> None:
    state = carry_out(speaking(), ON, actor=CAPTIONER, wall=WALL + 5_000)
    changed = events(state, OFF, wall=WALL + 60_000)[0]
    assert changed == le.AirChanged(channel=FLOOR, source=le.AirSource.MACHINE, t=60_000, t0=60_000 - KEPT_MS)
    early = events(state, OFF, wall=WALL + 6_000)[0]
    assert early == le.AirChanged(channel=FLOOR, source=le.AirSource.MACHINE, t=6_000, t0=1_500)


def test_a_respeaker_types_on_and_goes_back_under_the_same_token() -> None:
    state = respoken()
    assert refused(state, ON, actor=CAPTIONER, wall=WALL + 22_000).code is RefusalCode.CONFLICT
    typed = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Thank you.", language="en")
    assert carry_out(state, typed, actor=CAPTIONER, wall=WALL + 22_000).segments.get(SegmentId("t")) is not None
    assert isinstance(events(state, typed, actor=OTHER, wall=WALL + 22_000)[0], le.LineOffered)
    state = carry_out(state, WRITES, actor=CAPTIONER, wall=WALL + 22_000)
    air = state.channels[FLOOR].air
    assert (air.source, air.holder, air.token, air.away) == (le.AirSource.PERSON, "c1", 1, ((1_500, None),))
    assert refused(state, commit("s", 1, word(" more", 22_000, 22_300), generation=2), actor=ENGINE).code is (
        RefusalCode.STALE
    )
    state = carry_out(state, typed, actor=CAPTIONER, wall=WALL + 23_000)
    state = carry_out(state, ON, actor=CAPTIONER, wall=WALL + 24_000)
    assert (state.channels[FLOOR].air.respoken, state.channels[FLOOR].air.since) == (True, 24_000)
    state = carry_out(state, OFF, actor=OTHER, wall=WALL + 25_000)
    assert to_join(state, state.channels[FLOOR], 23_000) == Join("The fund pays Thank you.", 23_000)


@pytest.mark.parametrize(
    ("command", "actor", "code"),
    [
        (msgspec.structs.replace(ON, holder="c2"), CAPTIONER, RefusalCode.INVALID),
        (ON, TOOL, RefusalCode.FORBIDDEN),
        (ON, SYSTEM, RefusalCode.FORBIDDEN),
    ],
)
def test_only_a_person_respeaks_and_only_for_themselves(command: do.PutOnAir, actor: Actor, code: RefusalCode) -> None:
    assert refused(opened(), command, actor=actor).code is code


def test_what_was_respoken_is_not_recognised_again_from_the_floor() -> None:
    state = carry_out(respoken(), OFF, wall=WALL + 22_000)
    said = commit("z", 0, word("So", 21_000, 21_300), start=21_000, generation=3)
    state = carry_out(state, ATTACH, said, actor=ENGINE)
    rewind = do.RewindChannel(channel=FLOOR, t=0)
    since = 20_500 - BACK_MS
    assert events(state, rewind, actor=CAPTIONER)[-1] == le.ChannelRewound(
        channel=FLOOR, t=since, segments=(SegmentId("z"),)
    )
    assert heard_behind(state.channels[FLOOR], line_of(state, "s")) == since
    state = carry_out(state, rewind, actor=CAPTIONER)
    assert to_join(state, state.channels[FLOOR], since) == Join("The fund pays", 20_500, RESPOKEN_LAG_MS)
    short = carry_out(speaking(), ON, ATTACH, actor=CAPTIONER, wall=WALL + 5_000)
    short = carry_out(short, commit("r", 0, word("Yes", 5_500, 5_900), start=5_500, generation=2), actor=ENGINE)
    short = carry_out(short, OFF, wall=WALL + 6_000)
    assert short.channels[FLOOR].air.away == ()
    assert heard_behind(short.channels[FLOOR], line_of(short, "r")) == 5_900


def test_what_was_removed_is_not_heard_from_the_floor_in_its_turn_nor_left_in_its_sound() -> None:
    state = respoken()
    (cut,) = selected(state, Lines((SegmentId("r"),)))
    assert times([cut]) == ((FLOOR, 11_000 - MOST_LAG_MS, 12_000),)
    removed = ev.BodyRemoved(offsets=(1,), reason="request", by="t1", through={FLOOR: 20_500, ChannelId("xx"): 9})
    state = evolve(state, removed)
    assert events(state, OFF, wall=WALL + 22_000)[1] == le.AirChanged(
        channel=FLOOR, source=le.AirSource.MACHINE, t=22_000, t0=20_500
    )
    assert evolve(state, removed).channels[FLOOR].air is state.channels[FLOOR].air
    assert evolve(speaking(), removed).channels[FLOOR].air.removed == 0, "the machine's own is committed"


def test_a_line_stays_respoken_wherever_it_goes() -> None:
    state = respoken()
    (cut,) = selected(state, Lines((SegmentId("r"),)))
    (said, *_) = again(cut.line, (1, 2), SegmentId("k"))
    assert isinstance(said, le.SegmentOpened)
    assert said.respoken is True
    moved = do.MovedSegment(
        segment=SegmentId("m"), t0=0, t1=9, language="en", origin=le.Origin.MACHINE, text="x", respoken=True
    )
    here = do.MoveSegmentsHere(channel=FLOOR, session=SessionId("other"), lines=(moved,))
    state = carry_out(opened(), here, actor=CAPTIONER, wall=WALL + 60_000)
    assert line_of(state, "m").respoken is True
