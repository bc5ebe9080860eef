"""Better passes over ended lines: only where a core is idle."""

from __future__ import annotations

import pytest

from moothall.testing.scripted import Script, ScriptWord, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import FRAME_MS, ArrivalTime
from moothall_models.engine.session import LinkSession
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from simulate_speech import attach_from_start

SCRIPT = Script(
    words=(
        ScriptWord(" Good", 400, 700, misheard=" God"),
        ScriptWord(" morning", 710, 1_200),
        ScriptWord(" to", 1_210, 1_400),
        ScriptWord(" all.", 1_410, 1_800),
    )
)
PCM = render(SCRIPT)[: 32 * 1_900] + bytes(32 * 3_000)
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=9)
NOW = 5_000.0


@pytest.fixture
def session() -> LinkSession:
    """A line of channel 1 has ended and wants a better pass; channels 2 and 3 are silent."""
    made = LinkSession(HELLO, voice=ScriptedVoiceActivity, media=lambda at: ArrivalTime(at.audio_from), cpu_ms=float)
    for number in (1, 2, 3):
        made.received(attach_from_start(("en",), number), 0)
    made.received(wire.Audio(attachment=1, t=0, pcm=PCM), NOW)
    recognizer = ScriptedRecognizer(SCRIPT)
    for _ in range(20):
        while made.hear(NOW):
            pass
        channel = made._channels[1]
        if channel.wants(NOW) and channel.wanted is not None and channel.wanted.review is not None:
            return made
        for turn in made.next_passes(NOW):
            made.passed(turn, recognizer.recognise(turn.request.window), NOW)
    raise AssertionError("no better pass was wanted")


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
