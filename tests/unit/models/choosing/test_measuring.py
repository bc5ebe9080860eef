from __future__ import annotations

import numpy as np
import pytest

from moothall.testing.scripted import make_script, render
from moothall_models.choosing.measuring import Hearing, MeasuringClocks, RoomsCarried, measure
from moothall_models.ports import Hypothesis, Recognizer, Samples, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.recognizers.scripted_streams import ScriptedStreams
from moothall_models.speech.overload import LOWERED

SCRIPT = make_script(7, 24)
SOUND: Samples = (np.frombuffer(render(SCRIPT), dtype="<i2") / 32_768).astype(np.float32)


class Machine:
    """MeasuringClocks that go on by what is done: 1 ms for each look, and as a pass costs."""

    def __init__(self, pass_s: float, *, others: float = 0.0) -> None:
        self.now = self.computed = 0.0
        self.pass_s, self.others = pass_s, others
        """Computing time of a pass, and what others take of the machine for each second of it."""

    def seconds(self) -> float:
        self.now += 0.001
        self.computed += 0.001
        return self.now

    def compute(self) -> None:
        self.computed += self.pass_s
        self.now += self.pass_s * (1 + self.others)

    @property
    def clocks(self) -> MeasuringClocks:
        return MeasuringClocks(self.seconds, lambda: self.computed)


class Costs(ScriptedRecognizer):
    """A recogniser whose passes cost what the machine says."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(SCRIPT)
        self.machine = machine
        self.warmed = 0

    def warm_up(self) -> None:
        self.warmed += 1
        self.machine.now += 100

    def recognise(self, window: Window) -> Hypothesis:
        self.machine.compute()
        return super().recognise(window)


class StreamCosts(ScriptedStreams):
    """The same, of one that streams."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(SCRIPT)
        self.machine = machine

    def recognise(self, window: Window) -> Hypothesis:
        self.machine.compute()
        return super().recognise(window)


def measured(
    recognizer: Recognizer, machine: Machine, sound: Samples = SOUND, longest_s: float = 20.0, workers: int = 1
) -> RoomsCarried:
    carried = heard(recognizer, machine, sound, longest_s, workers)
    assert carried is not None
    return carried


def heard(
    recognizer: Recognizer, machine: Machine, sound: Samples, longest_s: float, workers: int = 1
) -> RoomsCarried | None:
    hearing = Hearing(recognizer, lambda: ScriptedVoiceActivity().probabilities, sound, "en")
    return measure(hearing, machine.clocks, workers=workers, longest_s=longest_s)


def test_rooms_follow_from_what_a_second_of_speech_costs() -> None:
    quick, slow = Machine(0.05), Machine(0.1)
    light, heavy = measured(Costs(quick), quick), measured(Costs(slow), slow)
    assert light.share == pytest.approx(heavy.share / 2, rel=0.2)
    assert light.rooms > heavy.rooms > 0
    assert light.rooms == int(0.8 / (0.75 * light.share))
    assert light.late == LOWERED * light.rooms
    assert not light.busy


def test_it_hears_for_the_time_that_it_has_and_warms_up_before() -> None:
    machine = Machine(0.1)
    recognizer = Costs(machine)
    measured(recognizer, machine)
    assert recognizer.warmed == 1
    assert 120 <= machine.now < 121


def test_a_machine_that_cant_keep_up_carries_no_room() -> None:
    for workers in (1, 4):
        machine = Machine(2.0)
        carried = measured(Costs(machine), machine, workers=workers)
        assert (carried.rooms, carried.late) == (0, 0), "no pass of a room is done by several workers"
        assert carried.share > 1


def test_a_model_that_has_heard_little_speech_is_still_told() -> None:
    machine = Machine(0.3)
    carried = measured(Costs(machine), machine, longest_s=8.0)
    assert carried.speech_ms < 20_000
    assert carried.rooms == max(1, int(0.8 / (0.75 * carried.share)))


def test_without_speech_nothing_is_said() -> None:
    machine = Machine(0.1)
    assert heard(Costs(machine), machine, np.zeros(16_000, dtype=np.float32), 5.0) is None


def test_what_else_the_machine_does_is_told_and_changes_no_figure() -> None:
    quiet, shared = Machine(0.1), Machine(0.1, others=3.0)
    alone, beside = measured(Costs(quiet), quiet), measured(Costs(shared), shared)
    assert beside.busy
    assert beside.left == pytest.approx(0.25, abs=0.05)
    assert beside.share == pytest.approx(alone.share, rel=0.1)


def test_a_streaming_recogniser_is_measured_by_its_own_policy() -> None:
    machine = Machine(0.01)
    carried = measured(StreamCosts(machine), machine)
    assert carried.speech_ms > 20_000
    assert carried.rooms > 5


def test_with_several_workers_as_many_channels_are_heard_at_a_time() -> None:
    machine = Machine(0.05)
    hearing = Hearing(Costs(machine), lambda: ScriptedVoiceActivity().probabilities, SOUND, "en")
    carried = measure(hearing, machine.clocks, workers=2, longest_s=10.0)
    assert carried is not None
    assert carried.rooms == int(0.8 * 2 / (0.75 * carried.share))
