"""Passes of several channels that run together."""

from __future__ import annotations

from moothall.core.commands import CommitWords
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.testing.scripted import Script, ScriptWord, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import LinkSession
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.speech.overload import LEAST_SPEECH, Load

SCRIPT = Script(words=(ScriptWord(" Good", 400, 700), ScriptWord(" morning.", 710, 1_200)))
PCM = render(SCRIPT)
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=9)


def engine(channels: int, load: Load | None = None) -> LinkSession:
    """With as many channels, in each of which somebody has said the same; the later ones were heard later."""
    session = LinkSession(
        HELLO,
        voice=ScriptedVoiceActivity,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=lambda: 0.0,
        load=load,
    )
    for number in range(1, channels + 1):
        session.received(
            wire.Attach(
                attachment=number,
                session=SessionId(f"s{number}"),
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
        session.received(wire.Audio(attachment=number, t=0, pcm=PCM[: 32 * 1_600] + bytes(32 * 500)), number)
        while session.hear(number):
            pass
    return session


def chosen(session: LinkSession, now: float = 100, *, workers: int = 1, at_once: int = 4) -> list[int]:
    return [turn.attachment for turn in session.next_passes(now, workers=workers, at_once=at_once)]


def test_one_worker_takes_as_many_as_it_hears_at_once_the_most_urgent_first() -> None:
    session = engine(6)
    assert chosen(session) == [1, 2, 3, 4]
    assert chosen(session) == [5, 6]
    assert chosen(session) == []


def test_with_more_workers_free_each_takes_its_share() -> None:
    session = engine(3)
    assert chosen(session, workers=2) == [1, 2]
    assert chosen(session, workers=1) == [3]
    assert chosen(engine(2), workers=4) == [1]


def test_a_recogniser_that_hears_one_at_a_time_gets_one() -> None:
    assert chosen(engine(3), at_once=1) == [1]


def test_what_came_of_each_goes_to_its_own_channel() -> None:
    session = engine(3)
    turns = session.next_passes(100, at_once=4)
    heard = ScriptedRecognizer(SCRIPT, at_once=4).recognise_all([turn.request.window for turn in turns])
    for turn, hypothesis in zip(turns, heard, strict=True):
        session.passed(turn, hypothesis, 200)
    said: dict[int, str] = {}
    while (message := session.next_message()) is not None:
        if isinstance(message, wire.PassAct):
            words = [word for each in message.commands if isinstance(each, CommitWords) for word in each.words]
            said[message.attachment] = "".join(word.text for word in words)
    assert {text.strip() for text in said.values()} == {"Good morning."}
    assert sorted(said) == [1, 2, 3]


def test_time_that_passes_shared_is_counted_once() -> None:
    together, alone = Load(1), Load(1)
    for load, company in ((together, 4), (alone, 1)):
        for number in range(20):
            session = engine(company, load)
            turns = session.next_passes(100, at_once=4)
            assert [turn.company for turn in turns] == [company] * company
            for turn in turns:
                hypothesis = ScriptedRecognizer(SCRIPT).recognise(turn.request.window)
                session.passed(turn, hypothesis, 500 + number)
    assert LEAST_SPEECH < 20 * 1_200
    assert together.room((), 0).channels > 2 * alone.room((), 0).channels
