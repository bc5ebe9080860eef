from __future__ import annotations

import pytest

from moothall.services.metrics.readiness import DISK_FLOOR, DRAINING, REFUSED_MS, Readiness, disk_lacks, log_lacks


def test_it_is_ready_once_all_its_parts_are_open() -> None:
    made = Readiness("doors", "engine link")
    made.opened("doors")
    assert list(made.lacking) == ["engine link: not open"]
    made.opened("engine link")
    made.opened("engine link")
    assert list(made.lacking) == []


def test_a_part_that_closes_again_is_named() -> None:
    made = Readiness("doors")
    made.opened("doors")
    made.closed("doors")
    assert made.lacking == ("doors: not open",)


def test_a_server_that_stops_is_not_ready_whatever_its_parts_are() -> None:
    made = Readiness()
    made.drain()
    assert made.lacking == (DRAINING,)


def test_each_part_that_lacks_something_has_a_sentence() -> None:
    made = Readiness()
    made.ask(lambda: "log: no", lambda: None)
    made.ask(lambda: "disk: no")
    assert made.lacking == ("log: no", "disk: no")


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (DISK_FLOOR, None),
        (DISK_FLOOR - 1, "disk: only 63 MiB are free"),
        (0, "disk: only 0 MiB are free"),
        (None, "disk: the data folder can't be reached"),
    ],
)
def test_the_disk_needs_some_room(free: int | None, said: str | None) -> None:
    assert disk_lacks(lambda: free)() == said


@pytest.mark.parametrize(
    ("age", "said"),
    [(None, None), (0, "log: an append was refused 0 s ago"), (REFUSED_MS - 1, "log: an append was refused 29 s ago")],
)
def test_a_log_that_refused_lately_is_not_ready(age: int | None, said: str | None) -> None:
    assert log_lacks(lambda: age)() == said


def test_after_a_while_it_is_tried_again() -> None:
    assert log_lacks(lambda: REFUSED_MS)() is None
