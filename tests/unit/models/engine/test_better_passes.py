"""Better passes over ended lines: only where a core is idle."""

from __future__ import annotations

import pytest

from moothall.core.commands import EndSegment, ReviseSegment
from moothall.testing.scripted import Script, ScriptWord, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import FRAME_MS, ArrivalTime
from moothall_models.engine.session import LinkSession
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.speech.overload import LEAST_SPEECH, Load
from simulate_speech import attach_from_start

SCRIPT = Script(
    words=(
        ScriptWord(" Well.", 400, 900),
        ScriptWord(" Good", 2_400, 2_700, misheard=" Could"),
        ScriptWord(" morning", 2_710, 3_200),
        ScriptWord(" to", 3_210, 3_400),
        ScriptWord(" all.", 3_410, 3_800),
    )
)
PCM = render(SCRIPT)[: 32 * 3_900] + bytes(32 * 3_000)
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=9)
RECOGNIZER = ScriptedRecognizer(SCRIPT)
NOW = 7_000.0


def told(session: LinkSession) -> list[object]:
    """The commands that wait to be sent."""
    messages = iter(session.next_message, None)
    return [command for each in messages if isinstance(each, wire.PassAct) for command in each.commands]


def with_ended_line(load: Load | None = None) -> LinkSession:
    """Return a session in which two lines of channel 1 have ended; channels 2 and 3 are silent."""
    made = LinkSession(
        HELLO, voice=ScriptedVoiceActivity, media=lambda at: ArrivalTime(at.audio_from), cpu_ms=float, load=load
    )
    for number in (1, 2, 3):
        made.received(attach_from_start(("en",), number), 0)
    made.received(wire.Audio(attachment=1, t=0, pcm=PCM), NOW)
    while made.hear(NOW):
        pass
    for _ in range(2):
        while not any(isinstance(command, EndSegment) for command in told(made)):
            (turn,) = made.next_passes(NOW)
            made.passed(turn, RECOGNIZER.recognise(turn.request.window), NOW)
            while made.hear(NOW):
                pass
    return made


@pytest.fixture
def session() -> LinkSession:
    """The ended line waits for its better pass."""
    made = with_ended_line()
    channel = made._channels[1]
    assert channel.wants(NOW, spare=True)
    assert channel.wanted is not None
    assert channel.wanted.review is not None
    return made


def speaks(session: LinkSession, number: int) -> None:
    session.received(wire.Audio(attachment=number, t=0, pcm=PCM), NOW)
    while session.hear(NOW):
        pass


def chosen(session: LinkSession, now: float, workers: int) -> list[int]:
    return [turn.attachment for turn in session.next_passes(now, workers=workers, at_once=4)]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_it_runs_where_nobody_else_is_heard(session: LinkSession, workers: int) -> None:
    assert chosen(session, NOW, workers) == [1]


def test_it_lets_live_passes_go_first_however_long_it_has_waited(session: LinkSession) -> None:
    speaks(session, 2)
    assert chosen(session, NOW + 5_000, 2) == [2]


def test_it_is_dropped_where_it_has_waited_for_too_long(session: LinkSession) -> None:
    session.received(wire.Audio(attachment=1, t=len(PCM) // 32, pcm=bytes(32 * 10_000)), NOW + 10_000)
    assert chosen(session, NOW + 10_000, 2) == []
    while session.hear(NOW + 10_000):
        assert chosen(session, NOW + 10_000, 2) == []
    assert not session.waiting


def test_it_leaves_the_last_free_worker_to_the_next_live_pass(session: LinkSession) -> None:
    speaks(session, 2)
    assert chosen(session, NOW, 2) == [2]
    assert chosen(session, NOW, 1) == []
    speaks(session, 3)
    assert chosen(session, NOW, 1) == [3]


def test_it_runs_beside_a_live_pass_where_two_more_workers_are_free(session: LinkSession) -> None:
    speaks(session, 2)
    assert chosen(session, NOW, 3) == [2]
    assert chosen(session, NOW, 2) == [1]


def test_while_it_waits_all_sound_is_heard(session: LinkSession) -> None:
    for number in (2, 3):
        speaks(session, number)
    assert chosen(session, NOW, 2) == [2]
    heard = session.frames
    session.received(wire.Audio(attachment=1, t=len(PCM) // 32, pcm=bytes(32 * 10_000)), NOW + 10_000)
    for _ in range(20):
        while session.hear(NOW + 10_000):
            pass
        assert 1 not in chosen(session, NOW + 10_000, 1)
    assert session.frames >= heard + 10_000 // FRAME_MS


def test_it_is_wanted_where_rooms_leave_time_and_counts_in_no_measure_of_the_load() -> None:
    load = Load(1)
    load.passed(ran=LEAST_SPEECH * 0.1, waited=0, speech=LEAST_SPEECH)
    session = with_ended_line(load)
    before = load.room((), 0)
    for took in (0, 100_000):
        (turn,) = session.next_passes(NOW)
        assert turn.request.review is not None
        session.passed(turn, RECOGNIZER.recognise(turn.request.window), NOW + took)
    assert load.room((), 0) == before
    (revised,) = [command for command in told(session) if isinstance(command, ReviseSegment)]
    assert revised.text == "Good morning to all."


def test_it_is_not_wanted_where_rooms_take_what_workers_have() -> None:
    load = Load(1)
    load.passed(ran=LEAST_SPEECH * 1.5, waited=0, speech=LEAST_SPEECH)
    assert with_ended_line(load).next_passes(NOW) == []
