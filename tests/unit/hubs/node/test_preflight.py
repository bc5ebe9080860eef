from __future__ import annotations

import msgspec
import pytest

from moothall_hub.node.preflight import (
    CLOCK_MS,
    LITTLE_DISK,
    NO_DISK,
    SLOW_MS,
    WALL_MS,
    Check,
    Facts,
    Readiness,
    look,
    ready,
)
from moothall_hub.room.ports import LineHealth, LineState, Saving

GOOD = LineHealth(state=LineState.GOOD, since=0, delay_ms=200)
ALL = Facts(line=GOOD, free_bytes=LITTLE_DISK, offered=3, kept=1, stuck=0, wall_ago=0)


def facts(line: LineHealth = GOOD, **more: object) -> Facts:
    return msgspec.structs.replace(ALL, line=line, **more)


def found(facts: Facts) -> dict[Check, Readiness]:
    return {each.check: each.verdict for each in look(facts)}


def test_all_is_well() -> None:
    assert set(found(ALL).values()) == {Readiness.GOOD}
    assert set(found(ALL)) == set(Check)
    assert ready(look(ALL))


@pytest.mark.parametrize(
    ("given", "check", "verdict"),
    [
        (facts(LineHealth(state=LineState.UNPAIRED, since=0)), Check.PAIRED, Readiness.BAD),
        (facts(LineHealth(state=LineState.REFUSED, since=0)), Check.PAIRED, Readiness.BAD),
        (facts(LineHealth(state=LineState.DOWN, since=0)), Check.PAIRED, Readiness.GOOD),
        (facts(LineHealth(state=LineState.DOWN, since=0)), Check.LINE, Readiness.BAD),
        (facts(LineHealth(state=LineState.UNPAIRED, since=0)), Check.LINE, Readiness.UNKNOWN),
        (facts(LineHealth(state=LineState.REFUSED, since=0)), Check.LINE, Readiness.UNKNOWN),  # No cable mends that.
        (facts(LineHealth(state=LineState.DOWN, since=0, delay_ms=9)), Check.DELAY, Readiness.UNKNOWN),
        (facts(LineHealth(state=LineState.GOOD, since=0)), Check.DELAY, Readiness.UNKNOWN),
        (facts(msgspec.structs.replace(GOOD, delay_ms=SLOW_MS + 1)), Check.DELAY, Readiness.CARE),
        (facts(msgspec.structs.replace(GOOD, saving=Saving.WORDS)), Check.BUDGET, Readiness.CARE),
        (facts(msgspec.structs.replace(GOOD, clock_difference_ms=-CLOCK_MS)), Check.CLOCK, Readiness.CARE),
        (facts(msgspec.structs.replace(GOOD, clock_difference_ms=CLOCK_MS - 1)), Check.CLOCK, Readiness.GOOD),
        (facts(free_bytes=LITTLE_DISK - 1), Check.DISK, Readiness.CARE),
        (facts(free_bytes=NO_DISK - 1), Check.DISK, Readiness.BAD),
        (facts(msgspec.structs.replace(GOOD, storing=False)), Check.DISK, Readiness.BAD),
        (facts(kept=0), Check.PROGRAMME, Readiness.BAD),
        (facts(stuck=1), Check.COPY, Readiness.BAD),
        (facts(wall_ago=None), Check.WALL, Readiness.CARE),
        (facts(wall_ago=WALL_MS), Check.WALL, Readiness.CARE),
    ],
)
def test_what_is_amiss(given: Facts, check: Check, verdict: Readiness) -> None:
    assert found(given)[check] is verdict
    assert ready(look(given)) is (Readiness.BAD not in found(given).values())
