from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attributing import Reference, Token, judge, kinds
from folds import FOLDS, Rates, fold_of, independent, judged
from kept_passes import KeptPasses, key_of
from moothall_models.ports import Hypothesis, Window
from simulate_speech import CpuClock

LINES: list[dict[str, Any]] = [
    {"start": 0.0, "end": 2.0, "speaker": "ann", "clip": "to_1"},
    {"start": 4.0, "end": 6.0, "speaker": "bob", "clip": "ibm_1"},
    {"start": 8.0, "end": 9.0, "speaker": "ann", "clip": "ps_chan3.wav"},
]
WORDS = [
    *[("we", 0, 0.5), ("hold", 0, 1.0), ("it", 0, 1.5)],
    *[("4", 1, 4.5), ("of", 1, 5.0), ("them", 1, 5.5)],
    ("so", 2, 8.5),
]
REFERENCE = Reference(LINES, [word for word, _, _ in WORDS], [line for _, line, _ in WORDS], [t for _, _, t in WORDS])


def heard(*words: tuple[str, float]) -> list[Token]:
    return [Token(text, t, f"s{t:.0f}") for text, t in words]


RIGHT = heard(*((word, t) for word, _, t in WORDS))


def test_a_text_without_errors_has_none() -> None:
    assert judge(REFERENCE, RIGHT).faults == []
    assert judge(REFERENCE, []).by_utterance(3) == [3, 3, 1]
    assert judge(REFERENCE, []).by_segment() == {"": 7}


def test_errors_belong_to_the_utterances_in_which_they_were_made() -> None:
    tokens = [*RIGHT[:2], *heard(("hat", 1.5), ("uh", 3.6)), *RIGHT[3:5], *RIGHT[6:]]
    found = judge(REFERENCE, tokens)
    assert found.by_utterance(3) == [1, 2, 0]
    assert [(fault.ref, fault.hyp) for fault in found.faults] == [(2, 2), (None, 3), (5, None)]
    assert found.by_segment() == {"s2": 1, "s4": 1, "s5": 1}
    early = [*RIGHT[:3], *heard(("uh", 2.4)), *RIGHT[3:]]
    assert judge(REFERENCE, early).by_utterance(3) == [1, 0, 0]
    late = [*RIGHT, *heard(("you", 9.5))]
    assert judge(REFERENCE, late).by_utterance(3) == [0, 0, 1]


def test_kinds_of_errors_are_counted_where_they_could_be_made() -> None:
    tokens = [*heard(("weld", 0.7)), *RIGHT[2:4], *heard(("4", 4.6)), *RIGHT[5:]]
    found = kinds(REFERENCE, judge(REFERENCE, tokens), {0, 1})
    assert found["all"] == (3, 6)
    assert found["words joined"] == (1, 6)
    assert found["first word after a pause"] == (1, 2)
    assert found["unstressed short words"] == (2, 4)
    assert found["a number said twice"] == (0, 1)
    twice = [*RIGHT[:4], *heard(("4", 4.7)), *RIGHT[4:]]
    assert kinds(REFERENCE, judge(REFERENCE, twice), {1})["a number said twice"] == (1, 1)


def test_a_voice_has_the_same_fold_everywhere_and_recognised_texts_are_left_out() -> None:
    assert fold_of("ann") == fold_of("ann") < FOLDS
    assert {fold_of(f"voice{number}") for number in range(40)} == set(range(FOLDS))
    assert [independent(line["clip"]) for line in LINES] == [True, False, False]
    assert judged(REFERENCE, [fold_of("ann")]) == {0}
    assert judged(REFERENCE, [(fold_of("ann") + 1) % FOLDS]) == set()


def test_the_interval_is_of_voices_and_the_same_each_time() -> None:
    rates = Rates(np.array([[100, 10, 8, 6], [100, 6, 6, 6]]))
    assert rates.wrong == pytest.approx((8.0, 7.0, 6.0))
    low, high = rates.interval(1)
    assert (low, high) == rates.interval(1) == pytest.approx((0.0, 4.0))


def window(text: str = "") -> Window:
    return Window(audio=np.zeros(512, np.float32), languages=("en",), draft=text)


def test_a_pass_that_was_kept_is_not_run_again_and_costs_the_same(tmp_path: Path) -> None:
    ran: list[str] = []

    def recognise(asked: Window) -> Hypothesis:
        ran.append(asked.draft)
        return Hypothesis(language="en", words=())

    assert key_of(window()) != key_of(window("so"))
    first, clock = KeptPasses(tmp_path / "passes.jsonl", recognise), CpuClock()
    assert first.hear(window(), clock) == first.hear(window(), clock) == Hypothesis(language="en", words=())
    again = KeptPasses(tmp_path / "passes.jsonl", recognise)
    again.hear(window(), clock)
    again.hear(window("so"), clock)
    assert ran == ["", "so"]
    assert clock.saved >= 0


def test_passes_cost_what_they_would_on_another_machine(tmp_path: Path) -> None:
    file = tmp_path / "passes.jsonl"
    file.write_text(f'["{key_of(window())}",200.0,{{"language":"en","words":[]}}]\n', "utf-8")
    clock = CpuClock()
    KeptPasses(file, lambda asked: Hypothesis(language="en", words=()), price=0.5).hear(window(), clock)
    assert clock.saved == 100.0

    def recognise(asked: Window) -> Hypothesis:
        began = time.process_time()
        while time.process_time() - began < 0.01:
            pass
        return Hypothesis(language="en", words=())

    clock = CpuClock()
    KeptPasses(file, recognise, price=0.0).hear(window("so"), clock)
    assert clock.saved <= -10.0
