"""Sound that an engine can't hear yet waits unchanged, all of it is heard, and it makes no room seem cheap. Afterwards
the text is as prompt as before.
"""

from __future__ import annotations

import pytest

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.testing.scripted import Script, ScriptWord, make_script, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.policies import ChannelPolicy
from moothall_models.engine.session import BACKLOG_MS, SLICE_FRAMES, LinkSession
from moothall_models.ports import VAD_FRAME, Hypothesis
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from support.models.busy_engine import Engine, Speaker

SLICE_MS = SLICE_FRAMES * VAD_FRAME // 16
CALLS = Script(words=tuple(ScriptWord(f" w{n}", 1_300 * n, 1_300 * n + 600) for n in range(150)))
"""Single words with a pause behind each: a pass for each of them."""
BREATHLESS = Script(words=tuple(ScriptWord(f" w{n}", 400 * n, 400 * n + 400) for n in range(1_350)))
"""Nine minutes without a pause."""


def attached() -> tuple[LinkSession, ChannelPolicy]:
    session = LinkSession(
        wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=2),
        voice=ScriptedVoiceActivity,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=lambda: 0.0,
    )
    session.received(
        wire.Attach(
            attachment=1,
            session=SessionId("plenary"),
            channel=ChannelId("floor"),
            generation=1,
            languages=("en",),
            committed_through=0,
            last_words=(),
            open_segment=None,
            audio_from=0,
        ),
        0,
    )
    return session, session._channels[1].speech


def come(session: LinkSession, script: Script) -> None:
    """All of the sound, at once."""
    session.received(wire.Audio(attachment=1, t=0, pcm=render(script)), 0)
    session.received(wire.EndOfAudio(attachment=1), 0)


def test_of_a_long_backlog_little_is_heard_ahead_of_the_passes_and_all_of_it_in_the_end() -> None:
    session, speech = attached()
    come(session, CALLS)
    recognizer, words, most, now = ScriptedRecognizer(CALLS), list[str](), 0, 0.0
    while session.attached:
        while session.hear(now):
            most = max(most, speech.waiting)
        turn = session.next_pass(now)
        if turn is not None:
            now += 100
            session.passed(turn, recognizer.recognise(turn.request.window), now)
        while (message := session.next_message()) is not None:
            if isinstance(message, wire.PassAct):
                for command in message.commands:
                    words += [word.text.strip() for word in getattr(command, "words", ())]
                session.received(wire.Accepted(attachment=1, id=message.id, offset=1), now)
    assert words == [word.text.strip() for word in CALLS.words]
    assert most <= BACKLOG_MS + SLICE_MS


def test_a_policy_that_waits_for_more_sound_gets_it() -> None:
    """Passes that take 25 s ask for steps that are longer than what may wait: then the sound itself brings the next."""
    session, _ = attached()
    pcm, sent, now, passes = render(BREATHLESS), 0, 0, 0

    def until(then: int) -> None:
        nonlocal sent, now
        now = then
        if piece := pcm[sent * 32 : now * 32]:
            session.received(wire.Audio(attachment=1, t=sent, pcm=piece), now)
            sent += len(piece) // 32
            if sent * 32 == len(pcm):
                session.received(wire.EndOfAudio(attachment=1), now)

    while session.attached:
        until(now + 1_000)
        while session.hear(now):
            pass
        if (turn := session.next_pass(now)) is not None:
            passes += 1
            until(now + 25_000)
            session.passed(turn, Hypothesis(language="en", words=()), now)
        while session.next_message() is not None:
            pass
        assert now < 7_200_000, "it comes to an end"
    assert passes > 6


def most_announced(burst: int) -> int:
    """The most rooms in time that an engine announces in 30 s of one whose sound of `burst` ms comes at once."""
    speaker = Speaker(1, make_script(1, 600, pause_ms=300), 0, burst)
    engine = Engine([speaker], workers=1, cost=100)
    engine.session.received(speaker.attach(), 0)
    while engine.now < 30_000:
        speaker.speak(engine.session, engine.now)
        engine.tick()
    assert len(speaker.words) > 30
    return max((said.attached or 0) + said.channels for said in engine.capacities)


def test_a_backlog_that_is_heard_in_long_windows_makes_rooms_seem_no_cheaper() -> None:
    """As after a restart of the server, or where a microphone comes back with minutes of sound."""
    assert most_announced(burst=120_000) == most_announced(burst=0)


@pytest.mark.parametrize("burst", [8_000, 20_000, 60_000])
@pytest.mark.parametrize("cost", [100, 200])
def test_once_a_backlog_is_heard_the_text_is_as_prompt_as_before(burst: int, cost: int) -> None:
    """As after a lost link or a dead engine: nothing else is to be heard, so words needn't wait for wider windows."""
    script = make_script(1, 600, pause_ms=300)
    speaker = Speaker(1, script, 0, burst)
    engine = Engine([speaker], workers=2, cost=cost)
    engine.session.received(speaker.attach(), 0)
    while engine.now < 30_000:
        speaker.speak(engine.session, engine.now)
        engine.tick()
    came = [(at + burst, word.t1) for at, word in zip(speaker.came, script.words, strict=False)]
    late = [at - spoken for at, spoken in came if spoken > burst + 5_000]
    assert len(late) > 30
    assert max(late) < 1_500
