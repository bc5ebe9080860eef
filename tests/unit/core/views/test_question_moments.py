from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.sessions.parts import Segment
from moothall.core.views.question_moments import PAUSE_MS, SpokenLines, said_at, spoken_lines
from support.sessions.deciding import FLOOR, WALL, carry_out, speaking
from support.sessions.questions import SOMEBODY, ask, of


def line(name: str, t0: int, t1: int | None, text: str = "Words.") -> Segment:
    made = Segment(id=SegmentId(name), channel=FLOOR, language="en", t0=t0, text=text)
    return made if t1 is None else msgspec.structs.replace(made, ended=True, t1=t1)


LINES = (line("a", 1_000, 3_000), line("b", 3_200, 6_000), line("c", 20_000, None))


def test_the_line_whose_time_holds_the_moment_or_that_was_just_over() -> None:
    for t, expected in (
        (0, None),
        (1_000, "a"),
        (3_100, "a"),
        (3_200, "b"),
        (6_000 + PAUSE_MS, "b"),
        (6_001 + PAUSE_MS, None),
        (20_000, "c"),
        (90_000, "c"),
    ):
        found = said_at(LINES, t)
        assert (None if found is None else found.id) == expected, t
    assert said_at((), 5) is None


def test_lines_are_those_as_spoken_that_have_text() -> None:
    other = ChannelId("fr")
    state = carry_out(speaking(), do.AddChannel(channel=other, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)))
    typed = do.TypeSegment(channel=other, segment=SegmentId("x"), text="Bonjour.", language="fr")
    mine = do.TypeSegment(channel=FLOOR, segment=SegmentId("y"), text="Good morning.", language="en")
    state = carry_out(state, typed, mine, actor=Actor(Role.TECHNICIAN, "t"))
    assert "y" in [each.id for each in spoken_lines(state)]
    assert "x" not in [each.id for each in spoken_lines(state)]


def test_while_nothing_is_recorded_nothing_is_known_to_have_been_said() -> None:
    chair = Actor(Role.CHAIR, "c")
    state = carry_out(speaking(), do.BeginNotRecorded(), actor=chair, wall=WALL + 2_000)
    state = carry_out(state, ask("off", "May I ask?"), actor=SOMEBODY, wall=WALL + 20_000)
    assert of(state, "off").t == 20_000
    for wall in (WALL + 21_000, WALL + 600_000):
        t = of(state, "off").t
        assert said_at(spoken_lines(state), t, kept=state.kept(t)) is None
        state = carry_out(
            state, do.EndNotRecorded() if not state.recorded else do.BeginNotRecorded(), actor=chair, wall=wall
        )
    just_after = carry_out(speaking(), do.BeginNotRecorded(), actor=chair, wall=WALL + 2_000)
    before = said_at(spoken_lines(just_after), 3_000, kept=just_after.kept(3_000))
    assert before is not None
    assert before.whole == "Welcome"
    typed = [line("typed", 1_000, 1_000)]
    assert said_at(typed, 2_000, kept=False) is typed[0]
    assert said_at(typed, 6_001, kept=False) is None


def test_lines_are_kept_in_order_as_the_session_goes_on() -> None:
    lines, state, writer = SpokenLines(), speaking(), Actor(Role.TECHNICIAN, "t")
    assert lines.of(state) == spoken_lines(state)
    typed = do.TypeSegment(channel=FLOOR, segment=SegmentId("y"), text="Good morning.", language="en")
    struck = do.RewindChannel(channel=FLOOR, t=500)
    emptied = do.CorrectSegment(channel=FLOOR, segment=SegmentId("y"), base_revision=0, base_words=0, text="")
    for command in (typed, struck, emptied):
        state = carry_out(state, command, actor=writer)
        assert lines.of(state) == spoken_lines(state)
    assert lines.of(speaking()) == spoken_lines(speaking())  # As when a log was read anew.
