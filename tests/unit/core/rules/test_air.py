"""Who may put whom on air, what becomes of the machine's open line, and of lines of people who are not on air."""

from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import BACK_MS, KEPT_MS, MOST_TOKEN, MOST_TOOLS, Join, joined_from, to_join
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.removal.selection import Lines, SpokenSpan, not_kept, selected
from moothall.core.rules import lines
from moothall.core.rules.air import MOST_HOLDER, unwritten
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    created,
    end,
    events,
    line_of,
    opened,
    refused,
    segment,
    speaking,
    word,
)

TECHNICIAN = Actor(Role.TECHNICIAN, "t1")
OTHER = Actor(Role.CAPTIONER, "c2")
SECRETARIAT = Actor(Role.SECRETARIAT, "s1")
TOOL = Actor(Role.TOOL, "x1", tool="StenoCo")
INTERPRETER = Actor(Role.INTERPRETER, "i1")
ES = ChannelId("es")
PERSON, MACHINE, OF_TOOL = le.AirSource.PERSON, le.AirSource.MACHINE, le.AirSource.TOOL
RESPEAKER = le.AirSource.RESPEAKER
ATTACH = do.AttachEngine(channel=FLOOR, model="m")


def put(source: le.AirSource = PERSON, **fields: object) -> do.PutOnAir:
    return msgspec.structs.replace(do.PutOnAir(channel=FLOOR, source=source), **fields)


def typed(name: str, text: str = "Welcome.") -> do.TypeSegment:
    return do.TypeSegment(channel=FLOOR, segment=segment(name), text=text, language="en")


def captioned(at: int = 5_000) -> State:
    """The captioner took over from the machine at this media time."""
    return carry_out(speaking(), put(), actor=CAPTIONER, wall=WALL + at)


def test_the_machine_is_on_air_and_desks_may_add_lines_until_somebody_says_otherwise() -> None:
    state = speaking()
    assert state.channels[FLOOR].air.machine
    after = carry_out(state, typed("t"), actor=CAPTIONER)
    assert line_of(after, "t").origin is le.Origin.PERSON


def test_who_takes_over_ends_the_machines_line_at_its_committed_words() -> None:
    taken = events(speaking(), put(), actor=CAPTIONER, wall=WALL + 5_000)
    assert taken == [
        le.SegmentEnded(channel=FLOOR, segment=segment("b"), t1=1500, reason=le.EndReason.SPEAKER, text="Welcome"),
        le.AirChanged(channel=FLOOR, source=PERSON, t=5_000, t0=1_500),
        le.AirHeld(channel=FLOOR, holder="c1", token=1),
    ]
    state = captioned()
    air = state.channels[FLOOR].air
    assert (air.holder, air.token, air.since, air.away) == ("c1", 1, 5_000, ((1_500, None),))
    assert state.channels[FLOOR].open_segment is None
    for command in (commit("b", 1, word(" all", 1500, 1900)), commit("c", 0, word("So", 6_000, 6_200), start=6_000)):
        assert refused(state, command, actor=ENGINE).code is RefusalCode.STALE
    assert refused(state, end("b", 1900), actor=ENGINE).code is RefusalCode.STALE
    assert refused(state, do.RewindChannel(channel=FLOOR, t=0), actor=CAPTIONER).code is RefusalCode.CONFLICT
    assert events(state, do.AttachEngine(channel=FLOOR, model="m"))  # It is told to hear nothing.


def test_the_next_captioner_takes_over_by_a_higher_token_and_may_lower_it() -> None:
    state = captioned()
    same = refused(state, put(token=1), actor=OTHER, wall=WALL + 6_000)
    assert (same.code, "token 1" in same.message) == (RefusalCode.CONFLICT, True)
    assert refused(state, put(), actor=CAPTIONER).code is RefusalCode.CONFLICT  # It is so already.
    taken = events(state, put(token=7), actor=OTHER, wall=WALL + 6_000)
    assert taken == [
        le.AirChanged(channel=FLOOR, source=PERSON, t=6_000, t0=6_000),
        le.AirHeld(channel=FLOOR, holder="c2", token=7),
    ]
    state = carry_out(state, put(token=7), actor=OTHER, wall=WALL + 6_000)
    assert state.channels[FLOOR].air.away == ((1_500, None),)
    lowered = events(state, put(token=0), actor=OTHER)
    assert lowered == [le.AirHeld(channel=FLOOR, holder="c2", token=0)]
    state = carry_out(state, put(token=0), actor=OTHER)
    assert events(state, put(holder="c1"), actor=OTHER)[-1] == le.AirHeld(channel=FLOOR, holder="c1", token=1)


@pytest.mark.parametrize(
    ("command", "actor", "code"),
    [
        (put(channel=ChannelId("xx")), CAPTIONER, RefusalCode.UNKNOWN),
        (put(token=-1), CAPTIONER, RefusalCode.INVALID),
        (put(token=MOST_TOKEN), CAPTIONER, RefusalCode.INVALID),
        (put(OF_TOOL, token=MOST_TOOLS + 1), TOOL, RefusalCode.INVALID),
        (put(MACHINE, holder="c1"), CAPTIONER, RefusalCode.INVALID),
        (put(holder="c" * (MOST_HOLDER + 1)), TECHNICIAN, RefusalCode.INVALID),
        (put(), INTERPRETER, RefusalCode.FORBIDDEN),
        (put(), SYSTEM, RefusalCode.FORBIDDEN),
        (put(), TOOL, RefusalCode.FORBIDDEN),
        (put(MACHINE), TOOL, RefusalCode.FORBIDDEN),
        (put(OF_TOOL, holder="x2"), TOOL, RefusalCode.FORBIDDEN),
        (put(OF_TOOL), msgspec.structs.replace(TOOL, tool=""), RefusalCode.FORBIDDEN),
        (put(OF_TOOL, holder="x1"), TECHNICIAN, RefusalCode.UNKNOWN),
        (put(MACHINE), TECHNICIAN, RefusalCode.CONFLICT),
    ],
)
def test_who_may_put_whom_on_air(command: do.PutOnAir, actor: Actor, code: RefusalCode) -> None:
    assert refused(speaking(), command, actor=actor).code is code


def test_the_house_takes_over_from_whoever_has_the_highest_token() -> None:
    state = carry_out(speaking(), put(holder="c9", token=MOST_TOKEN), actor=TECHNICIAN)
    assert state.channels[FLOOR].air.token == MOST_TOKEN
    for command in (put(), put(token=MOST_TOKEN)):
        air = carry_out(state, command, actor=SECRETARIAT).channels[FLOOR].air
        assert (air.holder, air.token) == (SECRETARIAT.id, MOST_TOKEN)
    machine = carry_out(state, put(MACHINE), actor=SYSTEM).channels[FLOOR].air
    assert (machine.machine, machine.token) == (True, MOST_TOKEN)
    assert refused(state, put(), actor=CAPTIONER).code is RefusalCode.INVALID
    assert refused(state, put(token=MOST_TOKEN - 1), actor=SECRETARIAT).code is RefusalCode.CONFLICT
    highest = carry_out(speaking(), put(token=MOST_TOKEN - 1), actor=OTHER)
    assert refused(highest, put(), actor=CAPTIONER).code is RefusalCode.INVALID  # Not enough for others.
    assert refused(highest, put(token=MOST_TOKEN - 1), actor=CAPTIONER).code is RefusalCode.CONFLICT


def test_nobody_is_on_air_in_a_translation_or_after_the_close_and_an_interpreter_only_in_interpretations() -> None:
    added = do.AddChannel(channel=ES, kind=ev.ChannelKind.TRANSLATION, languages=("es",))
    assert refused(carry_out(speaking(), added), put(channel=ES), actor=CAPTIONER).code is RefusalCode.INVALID
    assert refused(carry_out(speaking(), do.CloseSession()), put(), actor=CAPTIONER).code is RefusalCode.CONFLICT
    added = msgspec.structs.replace(added, kind=ev.ChannelKind.INTERPRETATION)
    state = carry_out(carry_out(speaking(), added), put(channel=ES), actor=INTERPRETER)
    assert state.channels[ES].air.holder == "i1"
    assert state.channels[FLOOR].air.machine


def test_each_text_has_a_respeaker_of_its_own_and_an_interpreter_respeaks_interpretations_alone() -> None:
    added = do.AddChannel(channel=ES, kind=ev.ChannelKind.INTERPRETATION, languages=("es",))
    state = carry_out(carry_out(speaking(), added), put(RESPEAKER, channel=ES), actor=INTERPRETER)
    assert refused(state, put(RESPEAKER), actor=INTERPRETER).code is RefusalCode.FORBIDDEN
    assert (state.channels[ES].air.respoken, state.channels[FLOOR].air.machine) == (True, True)
    state = carry_out(state, put(RESPEAKER), actor=CAPTIONER)
    assert [state.channels[each].air.holder for each in (FLOOR, ES)] == ["c1", "i1"]


def test_a_captioner_may_be_on_air_before_the_session_begins() -> None:
    state = carry_out(created(), put(), actor=CAPTIONER)
    assert state.channels[FLOOR].air.away == ((0, None),)


def test_a_line_of_somebody_who_is_not_on_air_is_offered_and_taken_by_whoever_is() -> None:
    state = captioned()
    offers = events(state, typed("t", " A line. "), actor=OTHER, wall=WALL + 7_000)
    assert offers == [
        le.LineOffered(channel=FLOOR, segment=segment("t"), text="A line.", language="en", t=7_000, by="c2")
    ]
    state = carry_out(state, typed("t", "A line."), actor=OTHER, wall=WALL + 7_000)
    assert segment("t") not in state.segments
    assert refused(state, typed("t"), actor=TECHNICIAN).code is RefusalCode.CONFLICT
    taken = carry_out(state, typed("t", "A line"), actor=CAPTIONER, wall=WALL + 8_000)
    assert (line_of(taken, "t").text, line_of(taken, "t").origin) == ("A line", le.Origin.PERSON)
    assert refused(taken, typed("t"), actor=TECHNICIAN).code is RefusalCode.CONFLICT
    assert events(taken, correct("a", 0, 3, "Good day."), actor=OTHER)  # Whoever may, corrects what stands.


def test_offered_lines_that_wait_have_a_bound() -> None:
    state = carry_out(captioned(), typed("t"), actor=OTHER, wall=WALL + 6_000)
    channel = state.channels[FLOOR]
    waiting = (*(segment(f"w{n}") for n in range(lines.MOST_OFFERED - 1)), *channel.air.offered)
    full = msgspec.structs.replace(channel, air=msgspec.structs.replace(channel.air, offered=waiting))
    state = msgspec.structs.replace(state, channels={FLOOR: full})
    assert refused(state, typed("v"), actor=OTHER).code is RefusalCode.CONFLICT
    state = carry_out(state, typed("t"), actor=CAPTIONER)  # What was taken waits no more.
    state = carry_out(state, typed("v"), actor=OTHER)
    assert refused(state, typed("w"), actor=OTHER).code is RefusalCode.CONFLICT
    state = carry_out(carry_out(state, put(MACHINE), actor=TECHNICIAN), put(), actor=CAPTIONER)
    assert events(state, typed("w"), actor=OTHER)  # Nobody takes any more what was offered before.


def test_what_was_offered_goes_with_what_is_not_to_be_kept() -> None:
    state = carry_out(captioned(), typed("t"), actor=OTHER, wall=WALL + 7_000)
    assert [cut.line.id for cut in selected(state, SpokenSpan(6_000, 8_000))] == [segment("t")]
    assert [cut.line.id for cut in selected(state, Lines((segment("t"),)))] == [segment("t")]
    off = carry_out(state, do.BeginNotRecorded(back=5_000), actor=TECHNICIAN, wall=WALL + 9_000)
    assert [cut.line.id for cut in not_kept(off)] == [segment("t")]
    assert refused(off, typed("u"), actor=OTHER, wall=WALL + 9_500).code is RefusalCode.CONFLICT


def test_a_tools_line_says_so_and_a_tool_mends_its_own_of_the_last_minute() -> None:
    state = carry_out(speaking(), typed("t"), actor=TOOL, wall=WALL + 2_000)
    line = line_of(state, "t")
    assert (line.origin, line.tool) == (le.Origin.PERSON, "StenoCo")
    mended = events(state, correct("t", 0, 0, "Welcome all."), actor=TOOL, wall=WALL + 60_000)
    assert isinstance(mended[0], le.SegmentCorrected)
    assert mended[0].machine
    assert not line_of(carry_out(state, correct("t", 0, 0, "So."), actor=TOOL, wall=WALL + 3_000), "t").mended
    late = refused(state, correct("t", 0, 0, "x"), actor=TOOL, wall=WALL + 62_001)
    other = refused(state, correct("a", 0, 3, "x"), actor=TOOL, wall=WALL + 3_000)
    stranger = msgspec.structs.replace(TOOL, tool="Another")
    theirs = refused(state, correct("t", 0, 0, "x"), actor=stranger, wall=WALL + 3_000)
    persons = carry_out(state, correct("t", 0, 0, "Welcome!"), actor=CAPTIONER, wall=WALL + 3_000)
    after = refused(persons, correct("t", 1, 0, "x"), actor=TOOL, wall=WALL + 3_000)
    assert {each.code for each in (late, other, theirs, after)} == {RefusalCode.FORBIDDEN}


def test_a_tool_puts_itself_on_air_and_staff_put_it_back_there() -> None:
    state = carry_out(speaking(), put(OF_TOOL), actor=TOOL, wall=WALL + 5_000)
    air = state.channels[FLOOR].air
    assert (air.source, air.holder, air.tool, air.tools) == (OF_TOOL, "x1", "StenoCo", {"x1": "StenoCo"})
    state = carry_out(state, put(), actor=CAPTIONER, wall=WALL + 6_000)
    offered = events(state, typed("t"), actor=TOOL, wall=WALL + 7_000)
    assert isinstance(offered[0], le.LineOffered)
    assert offered[0].tool == "StenoCo"
    again = events(state, put(OF_TOOL, holder="x1"), actor=TECHNICIAN, wall=WALL + 8_000)
    assert isinstance(again[0], le.AirChanged)
    assert (again[0].source, again[0].tool) == (OF_TOOL, "StenoCo")
    assert refused(state, put(holder="x1"), actor=TECHNICIAN).code is RefusalCode.INVALID


def test_a_tool_that_only_offered_lines_can_be_put_on_air_by_staff() -> None:
    state = carry_out(captioned(), typed("t"), actor=TOOL)
    state = carry_out(state, typed("u"), actor=TOOL)
    assert state.channels[FLOOR].air.tools == {"x1": "StenoCo"}
    offered = state.offered.get(segment("t"))
    assert offered is not None
    assert (offered.origin, offered.tool) == (le.Origin.PERSON, "StenoCo")
    assert carry_out(state, put(OF_TOOL, holder="x1"), actor=TECHNICIAN).channels[FLOOR].air.tool == "StenoCo"


def back(state: State, at: int, actor: Actor = TECHNICIAN) -> State:
    return carry_out(state, put(MACHINE), actor=actor, wall=WALL + at)


def test_the_machine_hears_again_from_some_seconds_before_the_last_line() -> None:
    state = carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 50_000)
    state = back(state, 58_000)
    channel = state.channels[FLOOR]
    assert channel.air.machine
    assert channel.air.away == ((1_500, 50_000 - BACK_MS),)
    assert channel.committed_through == 50_000 - BACK_MS
    assert to_join(state, channel, 50_000) == Join("Welcome.", 50_000)
    assert Join("Welcome.", 50_000).said < 50_000


def test_the_server_may_put_the_machine_on_air_and_where_nothing_was_written_it_hears_what_is_kept() -> None:
    state = back(captioned(), 50_000, SYSTEM)
    assert state.channels[FLOOR].air.away == ((1_500, 50_000 - KEPT_MS),)
    assert to_join(state, state.channels[FLOOR], 50_000) is None
    soon = back(captioned(2_000), 3_000)
    assert soon.channels[FLOOR].air.away == ()
    assert soon.channels[FLOOR].committed_through == 1_500
    old = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 6_000), 90_000)
    assert old.channels[FLOOR].air.away == ((1_500, 90_000 - KEPT_MS),)


def gaps(state: State, spoke: int | None) -> list[tuple[int, int]]:
    return [(gap.t0, gap.t1) for gap in unwritten(state, state.channels[FLOOR], spoke)]


def test_what_nobody_wrote_and_the_machine_does_not_hear_again_is_a_gap() -> None:
    state = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 20_000), 90_000)
    assert gaps(state, 0) == [(20_000, 90_000 - KEPT_MS)]
    assert gaps(state, 40_000) == [(40_000, 90_000 - KEPT_MS)]
    assert gaps(state, 90_000 - KEPT_MS) == []  # All that was said is heard again.
    assert gaps(state, None) == []
    assert gaps(back(captioned(), 50_000), 0) == [(1_500, 50_000 - KEPT_MS)]
    soon = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 50_000), 58_000)
    assert gaps(soon, 0) == []
    assert gaps(speaking(), 0) == []
    gap = unwritten(state, state.channels[FLOOR], 0)[0]
    assert carry_out(state, gap, actor=SYSTEM).channels[FLOOR] == state.channels[FLOOR]


def test_what_is_not_recorded_is_no_gap() -> None:
    state = carry_out(captioned(), do.BeginNotRecorded(), actor=TECHNICIAN, wall=WALL + 20_000)
    state = carry_out(state, do.EndNotRecorded(), actor=TECHNICIAN, wall=WALL + 30_000)
    assert gaps(back(state, 90_000), 10_000) == [(10_000, 20_000), (30_000, 90_000 - KEPT_MS)]


def test_what_is_recognised_again_from_before_the_person_is_joined_to_nothing() -> None:
    state = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 50_000), 58_000)
    channel, heard_again = state.channels[FLOOR], 50_000 - BACK_MS
    assert to_join(state, channel, 1_000) is None
    assert to_join(state, channel, heard_again - 1) is None
    assert to_join(state, channel, heard_again) == Join("Welcome.", 50_000)


def test_only_the_machines_first_words_are_joined() -> None:
    state = carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 50_000)
    assert to_join(state, state.channels[FLOOR], 50_000) is None  # Not while the captioner is on air.
    state = back(state, 58_000)
    state = carry_out(state, typed("u"), actor=CAPTIONER, wall=WALL + 59_000)  # Added while the machine is on air.
    assert to_join(state, state.channels[FLOOR], 50_000) == Join("Welcome.", 50_000)
    said = commit("z", 0, word("So", 51_000, 51_300), start=51_000, generation=2)
    assert refused(state, msgspec.structs.replace(said, generation=1), actor=ENGINE).code is RefusalCode.STALE
    assert to_join(carry_out(state, ATTACH, said, actor=ENGINE), state.channels[FLOOR], 50_000) is None
    assert to_join(speaking(), speaking().channels[FLOOR], 50_000) is None


def test_what_a_person_wrote_for_some_seconds_only_is_joined_as_well() -> None:
    """All of it is heard again then: it would stand twice."""
    state = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 6_000), 7_000)
    channel = state.channels[FLOOR]
    assert channel.air.away == ()
    assert channel.committed_through == 1_500
    assert to_join(state, channel, 1_500) == Join("Welcome.", 6_000)
    said = commit("z", 0, word("So", 6_200, 6_400), start=6_200, generation=2)
    assert to_join(carry_out(state, ATTACH, said, actor=ENGINE), channel, 1_500) is None
    again = carry_out(state, put(PERSON), actor=CAPTIONER, wall=WALL + 8_000)
    assert to_join(again, again.channels[FLOOR], 7_000) is None


def test_no_rewinding_goes_back_behind_what_a_person_wrote_for_some_seconds_only() -> None:
    state = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 6_000), 7_000)
    assert joined_from(state.channels[FLOOR]) == 1_500
    said = commit("z", 0, word("So", 6_200, 6_400), start=6_200, generation=2)
    state = carry_out(state, ATTACH, said, actor=ENGINE)
    happened = events(state, do.RewindChannel(channel=FLOOR, t=0))
    (rewound,) = (each for each in happened if isinstance(each, le.ChannelRewound))
    assert (rewound.t, rewound.segments) == (1_500, (segment("z"),))
    assert to_join(evolve(state, rewound), evolve(state, rewound).channels[FLOOR], 1_500) is not None
    long = back(carry_out(captioned(), typed("t"), actor=CAPTIONER, wall=WALL + 50_000), 58_000)
    assert joined_from(long.channels[FLOOR]) == 0
    assert joined_from(speaking().channels[FLOOR]) == 0


def test_a_log_of_public_lanes_alone_tells_who_is_on_air_but_not_by_name() -> None:
    state = evolve(opened(), le.AirChanged(channel=FLOOR, source=PERSON, t=5, t0=0))
    air = state.channels[FLOOR].air
    assert (air.source, air.holder) == (PERSON, "")
    again = evolve(state, le.AirChanged(channel=FLOOR, source=MACHINE, t=9, t0=9))
    assert again.channels[FLOOR].air.away == ((0, 9),)
    assert evolve(again, le.AirChanged(channel=FLOOR, source=MACHINE, t=9, t0=9)).channels[FLOOR].air.away == ((0, 9),)


def test_an_engines_line_is_the_machines_whatever_it_says() -> None:
    said = commit("c", 0, word("So", 2_000, 2_200), start=2_000)
    assert said.start is not None
    said = msgspec.structs.replace(said, start=msgspec.structs.replace(said.start, origin=le.Origin.PERSON))
    state = carry_out(carry_out(speaking(), end("b", 1_500), actor=ENGINE), said, actor=ENGINE)
    assert line_of(state, "c").origin is le.Origin.MACHINE


def test_an_unknown_line_is_no_line() -> None:
    assert selected(captioned(), Lines((SegmentId("nothing"),))) == ()
