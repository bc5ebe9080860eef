from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.sessions.parts import HELD_MS, MediaClock, Segment


def test_it_runs_with_the_wall_and_not_before_its_mapping() -> None:
    clock = MediaClock(500, 10_000)
    assert [clock.at(wall) for wall in (9_000, 10_000, 10_700)] == [500, 500, 1_200]


def test_drift_holds_it_and_a_jump_sets_it_back() -> None:
    clock = MediaClock(0, 0)
    assert clock.mapped(60_000 - HELD_MS, 60_000) == (60_000 - HELD_MS, 60_000, 60_000)
    assert clock.mapped(60_000 - HELD_MS - 1, 60_000).reached == 0
    assert clock.mapped(60_500, 60_000) == (60_500, 60_000, 0)


@pytest.mark.parametrize(
    ("base", "text", "left"),
    [
        (0, "", "The regulator of the house"),
        (5, "The regulators of our house", "The of house"),
        (5, "A regulator of the", ""),
        (3, "A regulator of", "regulator of the house"),
        (3, "A", "the house"),
    ],
)
def test_of_a_persons_correction_the_words_that_stand_are_recognised_where_it_has_as_many(
    base: int, text: str, left: str
) -> None:
    words = tuple(Word(f" {word}", 0, 1) for word in ["The", "regulator", "of", "the", "house"])
    assert "".join(word.text for word in line(words, base, text, mended=True).recognised).strip() == left


def line(words: tuple[Word, ...], base: int, text: str, *, mended: bool) -> Segment:
    name, channel = SegmentId("s"), ChannelId("floor")
    return Segment(
        id=name, channel=channel, language="en", t0=0, words=words, base=base, text=text, revision=1, mended=mended
    )


@pytest.mark.parametrize(
    ("words", "text", "unsure"),
    [
        (" the| fund| pays", " the fund pays", "the fund pays"),
        (" the| fund| pays", "the bond pays", "the pays"),
        (" the| fund| pays| for| it", "the phone pays, for, it", "the it"),
        (" the| fund| pays| for| it", " the whole fund pays for it", "the pays for it"),
        (" the| fund| pays| for| it", "the fund  pays for", "the fund"),
        (" the| fund| pays| for| it", "a fund", ""),
        (" the| fund| pays| for| it", "the fund pays for items now", "the fund pays for"),
        (" the| fund| pays| for| it", "the fund pays for it now", "the fund pays for it"),
        (" the| fund| pays| for| it", "I say the fund pays for it", "fund pays for it"),
        (" the|  fund| pays", "the new fund pays", "the fund pays"),
        (" the| fund| pays", "", ""),
        ("大家|早上|好|吗", "大家早安好吗", "大家 吗"),
        ("大家|早上|好", "大家早上好", "大家 早上 好"),
        ("", "Typed.", ""),
    ],
)
def test_words_that_a_machine_left_are_as_uncertain_as_before(words: str, text: str, unsure: str) -> None:
    """Desks know the same (`tests/js/lines/state.test.js`)."""
    said = tuple(Word(word, 0, 1, 0.2) for word in words.split("|") if word)
    read = line(said, len(said), text, mended=False).recognised
    assert not said or "".join(word.text for word in read).split() == text.split(), "reports look it up there"
    assert [word.text.strip() for word in read if word.p < 1] == unsure.split()
