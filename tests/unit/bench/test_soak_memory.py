from __future__ import annotations

import os
import sys
from math import inf
from pathlib import Path

import pytest

from soak_memory import Held, course, faults, held, sentence, straight

MINUTE = 1 / 60


def points(hours: float, start: float, an_hour: float, warm: float = 0.0) -> list[tuple[float, float]]:
    """A look a minute; `warm`: MB more in the first hour."""
    looks = round(60 * hours)
    return [(n * MINUTE, start + an_hour * n * MINUTE + (warm if n < 60 else 0)) for n in range(looks + 1)]


def test_memory_that_stays_is_flat_whatever_the_first_hour_was() -> None:
    found = course("server", points(4, 100, 0, warm=-40), (30, 30))
    assert (found.begin_mb, found.end_mb, found.mb_an_hour, found.judged) == (100, 100, 0, True)
    assert faults(found) == []
    assert "too short" not in sentence(found)


def test_five_percent_after_the_first_hour_are_flat_and_more_is_a_fault_either_way() -> None:
    assert faults(course("server", points(3, 100, 2), (30, 30))) == []
    (grown,) = faults(course("server", points(3, 100, 5), (30, 30)))
    assert grown.startswith("Memory of server went from 105.5 to 114.5 MB after the first hour (+8.6 %")
    (shrunk,) = faults(course("server", points(3, 100, -5), (30, 30)))
    assert "(-9.6 %" in shrunk


def test_one_look_out_of_line_judges_nothing() -> None:
    looks = points(3, 100, 0)
    looks[-1] = (looks[-1][0], 500.0)
    assert faults(course("server", looks, (30, 30))) == []


def test_a_short_piece_says_how_fast_it_grew_and_is_not_judged() -> None:
    found = course("server", points(1, 100, 60), (30, 30))
    assert not found.judged
    assert found.mb_an_hour == pytest.approx(60)
    assert faults(found) == []
    assert "too short to judge memory" in sentence(found)


def test_descriptors_that_stay_open_are_a_fault_however_short_it_was() -> None:
    assert faults(course("hub", points(0.1, 60, 0), (20, 28))) == []
    assert faults(course("hub", points(0.1, 60, 0), (20, 29))) == [
        "Descriptors of hub went from 20 to 29 without readers."
    ]


def test_one_look_is_enough_to_say_what_it_was() -> None:
    found = course("server", [(0.0, 80.0)], (30, 30))
    assert (found.begin_mb, found.end_mb, found.mb_an_hour, found.within_mb) == (80, 80, 0, None)
    assert "(+0.0 ± ? MB an hour)" in sentence(found)


def test_a_line_says_how_sure_it_is() -> None:
    assert straight([(0, 1.0), (1, 2.0)]) == (0.0, inf)
    assert straight([(1, 1.0), (1, 2.0), (1, 3.0)]) == (0.0, inf)
    rise, within = straight([(0, 0.0), (1, 2.0), (2, 2.0), (3, 4.0)])
    assert rise == pytest.approx(1.2)
    assert within == pytest.approx(1.96 * (0.8 / 2 / 5) ** 0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_process_holds_is_read_from_proc() -> None:
    now = held(os.getpid())
    assert now is not None
    assert 1 < now.own_mb <= now.shared_mb
    assert now.descriptors > 2
    assert now.threads >= 1


def test_a_process_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert held(1, tmp_path) is None
    (tmp_path / "1" / "fd").mkdir(parents=True)
    (tmp_path / "1" / "task" / "1").mkdir(parents=True)
    rollup = "0-1 ---p 0 0 0 [rollup]\nPss: 3000 kB\nPrivate_Clean: 1000 kB\nPrivate_Dirty: 1000 kB\n"
    (tmp_path / "1" / "smaps_rollup").write_text(rollup)
    assert held(1, tmp_path) == Held(2.048, 3.072, 0, 1)
