"""The targets of `make fuzz`, tried by hypothesis and with the stored corpus: no target raises an undeclared error."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import FAMILIES
from fuzz.target import CORPUS, HOSTILE, Target, joined, parts

EXAMPLES = 30
MOST_CORPUS = 100_000
HOUSE = "doors"
"""The family that starts servers and takes checks out of them: it stays out of the process of the tests."""
OF_HOUSE = {"door", "http", "hub-door", "hub-http"}
TARGETS: list[Target] = [
    each for family in FAMILIES if family != HOUSE for each in importlib.import_module(f"fuzz.{family}").TARGETS
]
ROOT = Path(__file__).resolve().parents[3]
targets = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@st.composite
def mutated(draw: st.DrawFn, corpus: list[bytes]) -> bytes:
    """An input of the corpus with a few pieces cut out, doubled, or put in from elsewhere."""
    data = draw(st.sampled_from(corpus)) if corpus else b""
    for _ in range(draw(st.integers(0, 4))):
        at, size = draw(st.integers(0, len(data))), draw(st.integers(0, 8))
        piece = draw(
            st.one_of(st.binary(max_size=8), st.just(data[at : at + 16]), st.sampled_from([b"\xff", b"9" * 20]))
        )
        data = data[:at] + piece + data[at + size :]
    return data


@targets
def test_only_declared_errors_are_raised(target: Target) -> None:
    corpus = target.corpus()

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(data=st.one_of(mutated(corpus), st.binary(max_size=200)))
    def law(data: bytes) -> None:
        target.try_with(data)

    law()


@targets
def test_what_was_kept_and_what_breaks_others_is_answered(target: Target) -> None:
    for data in (*target.corpus(), *HOSTILE):
        target.try_with(data)


@targets
def test_a_target_takes_what_ordinary_senders_send(target: Target) -> None:
    assert any(target.try_with(seed) for seed in target.seeds)


def test_the_corpus_is_small_and_each_file_of_it_belongs_to_a_target() -> None:
    files = list(CORPUS.glob("*"))
    assert {path.stem for path in files} <= {target.name for target in TARGETS} | {
        "door",
        "http",
        "hub-door",
        "hub-http",
    }
    assert sum(path.stat().st_size for path in files) < MOST_CORPUS


def test_each_target_has_a_name_of_its_own() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)


@given(messages=st.lists(st.binary(max_size=20), max_size=10))
def test_messages_are_taken_apart_as_they_were_joined(messages: list[bytes]) -> None:
    assert parts(joined(messages)) == messages


def test_no_door_of_a_server_breaks_by_what_is_sent() -> None:
    path = os.pathsep.join(str(ROOT / each) for each in ("tools", "server", "hubs", "models"))
    run = subprocess.run(
        [sys.executable, "-m", "fuzz.replay", HOUSE],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr[-2_000:]
    assert {line.partition(":")[0] for line in run.stdout.splitlines()} == OF_HOUSE


def test_the_family_files_are_named() -> None:
    folder = Path(CORPUS).parent
    with_targets = {path.stem for path in folder.glob("*.py") if "\nTARGETS = " in path.read_text(encoding="utf-8")}
    assert with_targets == set(FAMILIES)
