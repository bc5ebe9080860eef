from __future__ import annotations

import numpy as np
import pytest

import nothing
from moothall_models.ports import RATE, VAD_FRAME
from nothing import Invented, Opening, Tally
from unspoken import unspoken

VOICES = [np.full(RATE * seconds, 0.1, np.float32) for seconds in (2, 9)]


def test_the_sound_is_heard_in_one_session_anew_and_after_somebody_spoke() -> None:
    samples, blocks = unspoken(VOICES, seed=1, seconds=6)
    in_one, anew, after = nothing.sessions(samples, blocks, VOICES).values()
    assert [len(ways) for ways in (in_one, anew, after)] == [1, 24, 24]
    assert in_one[0].blocks == blocks
    assert all(len(one.samples) % VAD_FRAME == 0 for one in (*in_one, *anew, *after))
    for number, (bare, begun) in enumerate(zip(anew, after, strict=True)):
        piece = samples[number * 2 * RATE : (number + 1) * 2 * RATE]
        assert np.array_equal(bare.samples[: 2 * RATE], piece)
        spoken = min(len(VOICES[number % 2]), nothing.LONGEST_SPOKEN)
        assert begun.counted == spoken * 1000 // RATE + 300
        assert np.array_equal(begun.samples[spoken + nothing.PAUSE :][: 2 * RATE], piece)
        assert bare.blocks[0].kind == begun.blocks[0].kind == blocks[number // 3].kind
        assert (bare.counted, bare.blocks[0].end) == (0, 2000)


def test_kinds_add_up() -> None:
    first, second = Tally("hum"), Tally("babble")
    first.ms, first.cpu, first.passes, first.openings = 1_000, 10.0, 1, 2
    second.ms, second.cpu, second.shown, second.voice = 3_000, 70.0, 4, 500
    second.invented.append(Invented(2_500, "Thank you", "en", (0.25, 0.5), Opening(2_200, 3_000, 288)))
    total = nothing.together([first, second])
    assert total.row() == ["together", "4", "0.5", "2", "1", "4", "2", "0.020"]
    assert Tally("room").row() == ["room", "0", "0.0", "0", "0", "0", "0", "-"]


@pytest.mark.parametrize(
    ("opening", "said"),
    [(Opening(2_200, 3_000, 288), "288 ms of voice in 800 ms"), (None, "outside of every opening")],
)
def test_what_was_invented_is_told_with_its_odds_and_the_speech_there(opening: Opening | None, said: str) -> None:
    one = Invented(2_500, "Thank you", "en", (0.25, 0.5), opening)
    assert nothing.told("babble", one) == f"- babble at 2.5 s (en): 'Thank you', p 0.25 0.50; {said}"
