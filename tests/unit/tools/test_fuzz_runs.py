"""Runs of fuzzing are noted, read and summed, and the stored ones are of existing targets."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fuzz import FAMILIES
from fuzz.runs import Run, note, noted, sums

ONE = Run(
    target="frame",
    commit="0c043cb5a8279922452cb5d8cb6c32fd934bb10b",
    changed=False,
    date="2026-11-29T01:00:00+00:00",
    seconds=600,
    executions=1_200_000,
    edges=300,
    finding=False,
)


def test_a_run_is_read_as_it_was_noted(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    assert noted(path) == []
    later = msgspec.structs.replace(ONE, seconds=3, executions=0, finding=True)
    note(ONE, path)
    note(later, path)
    assert noted(path) == [ONE, later]


def test_runs_add_up_by_target_and_one_without_is_named() -> None:
    later = msgspec.structs.replace(ONE, date="2026-11-30T01:00:00+00:00", commit="f" * 40, finding=True)
    frame, headers, everything = sums([later, ONE], ["frame", "headers"])
    assert frame.startswith("frame ")
    assert frame.endswith(
        "1200 s in 2 (the longest 600 s),   2,400,000 inputs, 1 found something, last 2026-11-30 at ffffffff"
    )
    assert headers.split(maxsplit=1) == ["headers", "no run is noted"]
    assert everything.startswith("all (2) ")
    assert "1200 s in 2" in everything


def test_what_is_kept_is_of_targets_that_there_are() -> None:
    path = Path(__file__).parents[3] / "tools" / "fuzz"
    source = "".join((path / f"{family}.py").read_text(encoding="utf-8") for family in FAMILIES)
    for run in noted():
        assert f'"{run.target}"' in source, run.target
        assert run.seconds > 0
        assert len(run.commit) == 40
