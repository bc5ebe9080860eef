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
    CheckResult,
    Facts,
    look,
    ready,
)
from moothall_hub.room.ports import Saving, UplinkHealth, UplinkHealthState

GOOD = UplinkHealth(state=UplinkHealthState.GOOD, since=0, delay_ms=200)
ALL = Facts(uplink=GOOD, free_bytes=LITTLE_DISK, offered=3, kept=1, stuck=0, wall_ago=0)


def facts(uplink: UplinkHealth = GOOD, **more: object) -> Facts:
    return msgspec.structs.replace(ALL, uplink=uplink, **more)


def found(facts: Facts) -> dict[Check, CheckResult]:
    return {each.check: each.verdict for each in look(facts)}


def test_all_is_well() -> None:
    assert set(found(ALL).values()) == {CheckResult.GOOD}
    assert set(found(ALL)) == set(Check)
    assert ready(look(ALL))


@pytest.mark.parametrize(
    ("given", "check", "verdict"),
    [
        (facts(UplinkHealth(state=UplinkHealthState.UNPAIRED, since=0)), Check.PAIRED, CheckResult.BAD),
        (facts(UplinkHealth(state=UplinkHealthState.REFUSED, since=0)), Check.PAIRED, CheckResult.BAD),
        (facts(UplinkHealth(state=UplinkHealthState.DOWN, since=0)), Check.PAIRED, CheckResult.GOOD),
        (facts(UplinkHealth(state=UplinkHealthState.DOWN, since=0)), Check.UPLINK, CheckResult.BAD),
        (facts(UplinkHealth(state=UplinkHealthState.UNPAIRED, since=0)), Check.UPLINK, CheckResult.UNKNOWN),
        (
            facts(UplinkHealth(state=UplinkHealthState.REFUSED, since=0)),
            Check.UPLINK,
            CheckResult.UNKNOWN,
        ),  # No cable mends that.
        (facts(UplinkHealth(state=UplinkHealthState.DOWN, since=0, delay_ms=9)), Check.DELAY, CheckResult.UNKNOWN),
        (facts(UplinkHealth(state=UplinkHealthState.GOOD, since=0)), Check.DELAY, CheckResult.UNKNOWN),
        (facts(msgspec.structs.replace(GOOD, delay_ms=SLOW_MS + 1)), Check.DELAY, CheckResult.CARE),
        (facts(msgspec.structs.replace(GOOD, saving=Saving.WORDS)), Check.BUDGET, CheckResult.CARE),
        (facts(msgspec.structs.replace(GOOD, clock_difference_ms=-CLOCK_MS)), Check.CLOCK, CheckResult.CARE),
        (facts(msgspec.structs.replace(GOOD, clock_difference_ms=CLOCK_MS - 1)), Check.CLOCK, CheckResult.GOOD),
        (facts(free_bytes=LITTLE_DISK - 1), Check.DISK, CheckResult.CARE),
        (facts(free_bytes=NO_DISK - 1), Check.DISK, CheckResult.BAD),
        (facts(msgspec.structs.replace(GOOD, storing=False)), Check.DISK, CheckResult.BAD),
        (facts(kept=0), Check.PROGRAMME, CheckResult.BAD),
        (facts(stuck=1), Check.COPY, CheckResult.BAD),
        (facts(wall_ago=None), Check.WALL, CheckResult.CARE),
        (facts(wall_ago=WALL_MS), Check.WALL, CheckResult.CARE),
    ],
)
def test_what_is_amiss(given: Facts, check: Check, verdict: CheckResult) -> None:
    assert found(given)[check] is verdict
    assert ready(look(given)) is (CheckResult.BAD not in found(given).values())
