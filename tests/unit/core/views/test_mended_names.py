from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.ids import SegmentId
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.core.views.mended_names import MOST_COMPARED, REMEMBERED, MendedNames
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    opened,
    segment,
    word,
)


class Meeting:
    """A session whose lines are corrected, and what follows from that."""

    def __init__(self, *lines: str) -> None:
        self.state = opened()
        self.view = MendedNames()
        for number, line in enumerate(lines):
            t = 10_000 * number
            said = [word((" " if n else "") + text, t + 10 * n, t + 10 * n + 9) for n, text in enumerate(line.split())]
            name = chr(97 + number)
            self.state = carry_out(self.state, commit(name, 0, *said[:100], start=t), actor=ENGINE)
            for first in range(100, len(said), 100):
                self.state = carry_out(self.state, commit(name, first, *said[first : first + 100]), actor=ENGINE)
            self.state = carry_out(self.state, end(name, t + 5_000), actor=ENGINE)

    def correct(self, name: str, text: str, by: Actor = CAPTIONER) -> None:
        line = self.state.segments.get(segment(name))
        assert line is not None
        decided = decide(self.state, correct(name, line.revision, len(line.words), text), by, WALL)
        assert isinstance(decided, list)
        (event,) = decided
        assert isinstance(event, le.SegmentCorrected)
        self.view = self.view.corrected(self.state, event)
        self.state = evolve(self.state, event)

    @property
    def proposed(self) -> tuple[str, ...]:
        return self.view.proposed(self.state)


def twice(stood: str, written: str) -> tuple[str, ...]:
    """What is proposed when two lines are corrected alike."""
    on = Meeting(f"and {stood} is here", f"so {stood} it was")
    on.correct("a", f"And {written} is here.")
    assert on.proposed == ()
    on.correct("b", f"so {written}, it was")
    return on.proposed


@pytest.mark.parametrize(
    ("stood", "written", "proposed"),
    [
        ("moot hall", "Moothall", ("Moothall",)),
        ("a free nick", "AfriNIC", ("AfriNIC",)),
        ("ada obi wonko", "Adaobi Nwankwo", ("Adaobi Nwankwo",)),
        ("five gee", "5G", ("5G",)),
        ("many stick holders", "multistakeholders", ("multistakeholders",)),
        ("人权", "任权", ("任权",)),
        # What isn't a term.
        ("igf", "IGF", ()),
        ("real-time", "real time", ()),
        ("their", "there", ()),
        ("receave", "receive", ()),
        ("dependant", "dependent", ()),
        ("fifty", "50", ()),
        ("uh", "!", ()),
        ("...", "Moothall", ()),
        ("we went", "Moot (old) hall", ()),
        ("one two three four five", "Moothall", ()),
        ("it", "Moothall which was built in our town", ()),
    ],
)
def test_words_that_were_replaced_twice_by_a_name_are_proposed(
    stood: str, written: str, proposed: tuple[str, ...]
) -> None:
    assert twice(stood, written) == proposed


def test_a_capital_where_a_sentence_begins_says_nothing() -> None:
    on = Meeting("their we go", "so yes their we go")
    on.correct("a", "There we go")
    on.correct("b", "So, yes. There we go")
    assert on.proposed == ()
    on = Meeting("moo tall speaks", "so moo tall speaks")
    on.correct("a", "Moothall speaks")  # long enough and unlike what stood there
    on.correct("b", "so Moothall speaks")
    assert on.proposed == ("Moothall",)


def test_the_same_line_twice_is_not_twice() -> None:
    on = Meeting("moot hall and", "moot hall or")
    on.correct("a", "Moothall and")
    on.correct("a", "moot hall and")
    on.correct("a", "Moothall and")
    on.correct("a", "Moothall and more")
    assert on.proposed == ()


def test_what_is_undone_does_not_count() -> None:
    on = Meeting("the moot hall and", "the moot hall or", "the moot hall if")
    on.correct("a", "the Moothall and")
    on.correct("b", "the Moothall or")
    assert on.proposed == ("Moothall",)
    on.correct("b", "the moot hall or")
    assert not on.proposed
    on.correct("c", "the Moothall if")
    assert on.proposed == ("Moothall",)


def test_lines_that_were_struck_do_not_count() -> None:
    on = Meeting("the moot hall and", "the moot hall or")
    on.correct("a", "the Moothall and")
    on.correct("b", "the Moothall or")
    on.state = carry_out(
        on.state, do.MoveSegmentsAway(channel=FLOOR, segments=(segment("a"),), session=None), wall=WALL + 3_600_000
    )
    assert on.proposed == ()


def test_the_newest_stands_first_and_each_once() -> None:
    lines = ["the moot hall and", "the moot hall or", "a free nick", "so a free nick", "the mood hall", "in mood hall"]
    on = Meeting(*lines)
    for name, text in zip("abcd", ["the Moothall and", "the Moothall or", "AfriNIC", "so AfriNIC"], strict=True):
        on.correct(name, text)
    assert on.proposed == ("AfriNIC", "Moothall")
    on.correct("e", "the Moothall")
    on.correct("f", "in Moothall")
    assert on.proposed == ("Moothall", "AfriNIC")


def test_a_correction_of_an_older_text_and_a_line_that_is_gone_say_nothing() -> None:
    on = Meeting("the moot hall and")
    event = le.SegmentCorrected(
        channel=FLOOR, segment=segment("a"), base_revision=3, base_words=4, text="the Moothall and", tail=""
    )
    assert on.view.corrected(on.state, event) is on.view
    assert on.view.corrected(State(id=on.state.id), event) is on.view


def test_long_lines_are_not_compared_and_the_oldest_are_forgotten() -> None:
    on = Meeting("moot hall " * (MOST_COMPARED // 2) + "and")
    on.correct("a", "Moothall")
    assert on.view.lines == {}
    on = Meeting("moot hall and")
    on.correct("a", "Moothall and")
    many = {SegmentId(f"s{n}"): on.view.lines[segment("a")] for n in range(REMEMBERED)}
    on.view = MendedNames(lines=many)
    on.correct("a", "Moothall and more")
    assert len(on.view.lines) == REMEMBERED
    assert list(on.view.lines)[:1] == ["s1"]
    assert list(on.view.lines)[-1:] == ["a"]
