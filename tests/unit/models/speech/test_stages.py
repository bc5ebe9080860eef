"""What an engine that can't keep up does without, stage by stage, and that every room's words go on at the last one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from moothall.testing.scripted import make_script
from moothall_models.speech.schedule import (
    FEWEST_PASSES,
    REMEMBERED,
    UNSEARCHED,
    USUAL_STEP,
    PassRate,
    Stage,
    next_pace,
    stage,
    usual,
)
from moothall_models.speech.settings import SpeechSettings
from support.models.busy_engine import Engine, Speaker

SETTINGS = SpeechSettings()
SLOW = round(SETTINGS.step / SETTINGS.step_share) + 1
"""Passes of so many ms are just slow."""
SLOWER = round(USUAL_STEP / SETTINGS.step_share) + 1
"""Passes of so many ms are just slow enough for wider windows."""
ROOMS = 6


def paces(took: int, count: int) -> PassRate:
    """The rate after so many passes that took `took` ms each."""
    return next_pace(SETTINGS, (took,) * min(count, REMEMBERED))


@pytest.mark.parametrize(
    ("took", "count", "reached"),
    [
        (SLOW - 2, REMEMBERED, Stage.USUAL),
        (SLOW, FEWEST_PASSES - 1, Stage.USUAL),
        (SLOW, FEWEST_PASSES, Stage.FEWER_PARTIALS),
        (SLOWER - 1, REMEMBERED, Stage.FEWER_PARTIALS),
        (SLOWER, FEWEST_PASSES, Stage.WIDER_WINDOWS),
        (round(UNSEARCHED / SETTINGS.step_share), REMEMBERED, Stage.WIDER_WINDOWS),
        (round(UNSEARCHED / SETTINGS.step_share) + 1, REMEMBERED, Stage.NO_SEARCH),
    ],
)
def test_each_stage_begins_with_its_number_of_passes_that_take_so_long(took: int, count: int, reached: Stage) -> None:
    assert stage(SETTINGS, paces(took, count)) is reached


def test_each_stage_asks_for_less_than_the_one_before() -> None:
    rates = [usual(SETTINGS), *(paces(took, REMEMBERED) for took in (SLOW, SLOWER, 5_000))]
    assert [stage(SETTINGS, rate) for rate in rates] == list(Stage)
    assert all(later.first >= rate.first and later.step >= rate.step for rate, later in pairwise(rates))


def test_one_quick_pass_among_slow_ones_leads_no_room_back() -> None:
    """A room that goes back takes the time of all the others, and each of them is slow again."""
    for slow in (2 * SLOW, 1_000, 5_000):
        assert stage(SETTINGS, next_pace(SETTINGS, (slow,) * (REMEMBERED - 1) + (SLOW,))) >= Stage.WIDER_WINDOWS


def test_the_rooms_of_an_engine_that_cannot_keep_up_are_equally_late() -> None:
    """Six rooms, of which three speak in short utterances and so want more passes; a pass takes 900 ms."""
    scripts = [make_script(room, 120, pause_ms=(300, 700)[room % 2]) for room in range(ROOMS)]
    engine = Engine([Speaker(number + 1, script, 0, 0) for number, script in enumerate(scripts)], 1, 900)
    for speaker in engine.speakers.values():
        engine.session.received(speaker.attach(), 0)
    while not all(speaker.drained for speaker in engine.speakers.values()):
        for speaker in engine.speakers.values():
            speaker.speak(engine.session, engine.now)
        engine.tick()
    late = [
        sum(at - word.t1 for at, word in zip(speaker.came, script.words, strict=True)) / len(script.words)
        for speaker, script in zip(engine.speakers.values(), scripts, strict=True)
    ]
    assert max(late) < 10_000, late
    assert max(late) < 2 * min(late), late


@pytest.mark.parametrize(
    ("workers", "cost", "words", "reached", "longest_s"),
    [(ROOMS, 20, 15, Stage.USUAL, 4), (2, 200, 40, Stage.WIDER_WINDOWS, 8), (1, 900, 120, Stage.NO_SEARCH, 16)],
    ids=["quick", "slow", "too slow"],
)
def test_at_every_stage_the_words_of_every_room_go_on(
    workers: int, cost: int, words: int, reached: Stage, longest_s: int
) -> None:
    """Six rooms, whose passes take `cost` ms."""
    scripts = [make_script(room, words, pause_ms=300) for room in range(ROOMS)]
    engine = Engine([Speaker(number + 1, script, 0, 0) for number, script in enumerate(scripts)], workers, cost)
    for speaker in engine.speakers.values():
        engine.session.received(speaker.attach(), 0)
    while not all(speaker.drained for speaker in engine.speakers.values()):
        for speaker in engine.speakers.values():
            speaker.speak(engine.session, engine.now)
        engine.tick()
    for speaker, script in zip(engine.speakers.values(), scripts, strict=True):
        assert speaker.words == [word.text.strip() for word in script.words], "all of them, once"
        assert max(speaker.stages) is reached
        came = [0.0, *speaker.came]
        assert max(later - at for at, later in pairwise(came)) <= 1_000 * longest_s
