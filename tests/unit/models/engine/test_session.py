from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec
import pytest

from moothall.core.commands import CommitWords, EndSegment, ReviseSegment
from moothall.core.kernel.errors import ProtocolError, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.signals import ChannelState
from moothall.testing.scripted import Script, ScriptWord, render
from moothall.wire import engine as wire
from moothall.wire.log_lines import fields
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import BATCH_MS, LinkSession, NextPass
from moothall_models.ports import VAD_FRAME, Hypothesis, Samples
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.speech.channel import SpeechChannel
from moothall_models.speech.overload import LEAST_SPEECH, Load
from moothall_models.speech.settings import SpeechSettings
from support.models.revising import Revising

SCRIPT = Script(
    words=(ScriptWord(" Good", 400, 700), ScriptWord(" morning.", 710, 1_200), ScriptWord(" So", 3_000, 3_400))
)
PCM = render(SCRIPT)
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=2)
UNAVAILABLE = Refusal(code=RefusalCode.UNAVAILABLE, message="Later.")
STALE = Refusal(code=RefusalCode.STALE, message="Other state.")


def link(
    *,
    load: Load | None = None,
    speech: Callable[[wire.Attach], SpeechChannel] = SpeechChannel,
) -> LinkSession:
    return LinkSession(
        HELLO,
        voice=ScriptedVoiceActivity,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=lambda: 1_234.5,
        load=load,
        speech=speech,
    )


def attach(attachment: int = 1, channel: str = "floor") -> wire.Attach:
    return wire.Attach(
        attachment=attachment,
        session=SessionId("plenary"),
        channel=ChannelId(channel),
        generation=1,
        languages=("en",),
        committed_through=0,
        last_words=(),
        open_segment=None,
        audio_from=0,
    )


def audio(first: int, last: int, attachment: int = 1) -> wire.Audio:
    return wire.Audio(attachment=attachment, t=first, pcm=PCM[first * 32 : last * 32])


def out(session: LinkSession) -> list[wire.ToServer]:
    messages = []
    while (message := session.next_message()) is not None:
        messages.append(message)
    return messages


def hear_all(session: LinkSession) -> None:
    """Hear whatever may be heard before a pass."""
    while session.hear(0):
        pass


def settle(session: LinkSession, now: float, script: Script = SCRIPT) -> list[wire.ToServer]:
    """Hear and recognise all there is."""
    while True:
        while session.hear(now):
            pass
        turn = session.next_pass(now)
        if turn is not None:
            session.passed(turn, ScriptedRecognizer(script).recognise(turn.request.window), now)
        elif not session.hear(now):
            return out(session)


def acts(messages: list[wire.ToServer]) -> list[wire.PassAct]:
    return [message for message in messages if isinstance(message, wire.PassAct)]


def accept(session: LinkSession, act: wire.PassAct, now: float = 0) -> None:
    session.received(wire.Accepted(attachment=act.attachment, id=act.id, offset=1), now)


def first_act(session: LinkSession) -> wire.PassAct:
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 0)
    return acts(settle(session, 0))[0]


def test_it_says_hello_first() -> None:
    assert out(link()) == [HELLO]


def test_speech_becomes_acts_and_signals_and_the_end_drains() -> None:
    session = link()
    act = first_act(session)
    assert act.id == "plenary.floor.1.1"
    (commit, *_) = act.commands
    assert isinstance(commit, CommitWords)
    assert "".join(word.text for word in commit.words).startswith(" Good") or commit.words[0].text == "Good"
    session.received(audio(2_500, len(PCM) // 32), 10)
    session.received(wire.EndOfAudio(attachment=1), 20)
    messages = settle(session, 20)
    assert not any(isinstance(message, wire.Drained) for message in messages)
    assert isinstance(acts(messages)[-1].commands[-1], EndSegment)
    n = 1
    while session.under_way:
        accept(session, wire.PassAct(attachment=1, id=f"plenary.floor.1.{n}", commands=()))  # type: ignore[arg-type]  # ids
        n += 1
    usage, drained = out(session)
    assert usage == wire.Usage(cpu_ms=1_234.5, audio_ms=-(-len(PCM) // 1_024) * 32)
    assert drained == wire.Drained(attachment=1)
    assert session.attached == 0


def test_silence_alone_drains_at_once() -> None:
    session = link()
    session.received(attach(), 0)
    session.received(wire.EndOfAudio(attachment=1), 0)
    assert [type(message) for message in out(session)] == [wire.EngineHello, wire.Usage, wire.Drained]


def test_each_log_line_of_a_channel_has_its_ids_as_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    session = link()
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 0)
    act = acts(settle(session, 0))[0]
    session.received(wire.Refused(attachment=1, id=act.id, refusal=UNAVAILABLE), 0)
    session.retry(60_000)
    assert acts(out(session))[0].id == act.id
    session.received(wire.Refused(attachment=1, id=act.id, refusal=STALE), 60_000)
    session.received(attach(2), 0)
    session.received(wire.EndOfAudio(attachment=2), 0)
    said = [(record.getMessage().partition(": ")[2], fields(record)) for record in caplog.records]
    assert said == [
        (line, {"session": "plenary", "channel": "floor"})
        for line in (
            "attachment 1 begins, generation 1, from 0 ms",
            f"act {act.id} was refused (unavailable) and is sent again",
            f"act {act.id} was refused (stale); the channel is lost",
            "attachment 2 begins, generation 1, from 0 ms",
            "attachment 2 is drained",
        )
    ]


def test_only_the_newest_signal_of_a_kind_waits_on_a_slow_link() -> None:
    session = link()
    session.received(attach(), 0)
    for t in range(0, 400, 100):
        session.received(audio(t, t + 100), t)
    session.received(wire.Audio(attachment=1, t=400, pcm=bytes(32 * 5_000)), 500)
    while session.hear(500):
        session.next_pass(500)
    states = [m.signal for m in out(session) if isinstance(m, wire.Tell) and isinstance(m.signal, ChannelState)]
    assert len(states) == 1
    assert states[0].t > 5_000


def test_the_earliest_deadline_goes_first_and_one_stream_has_one_pass_at_a_time() -> None:
    session = link()
    for number in (1, 2):
        session.received(attach(number, f"c{number}"), 0)
    session.received(wire.Audio(attachment=1, t=0, pcm=bytes(32 * 300)), 0)
    session.received(wire.Audio(attachment=1, t=300, pcm=PCM[: 32 * 2_000]), 0)
    session.received(audio(0, 2_000, attachment=2), 0)
    hear_all(session)
    turns = [session.next_pass(0), session.next_pass(0), session.next_pass(0)]
    assert [turn.attachment if turn else None for turn in turns] == [2, 1, None]


def test_while_a_pass_runs_three_more_seconds_are_heard_and_no_more() -> None:
    session = link()
    session.received(attach(), 0)
    session.received(audio(0, 1_600), 0)
    hear_all(session)
    turn = session.next_pass(0)
    assert turn is not None
    session.received(wire.Audio(attachment=1, t=1_600, pcm=bytes(32 * 20_000)), 0)
    hear_all(session)
    assert session.next_frame_end is not None
    assert 3_000 < session.next_frame_end <= 1_600 + 3_000 + 64
    session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 0)
    assert session.hear(0)


def test_a_pass_that_outlives_its_stream_is_dropped() -> None:
    session = link()
    session.received(attach(), 0)
    session.received(audio(0, 1_600), 0)
    hear_all(session)
    turn = session.next_pass(0)
    assert isinstance(turn, NextPass)
    out(session)
    session.received(wire.Detach(attachment=1), 0)
    session.received(attach(), 0)
    session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 0)
    assert out(session) == []


def test_what_cannot_be_stored_is_sent_again_when_it_is_due() -> None:
    session = link()
    act = first_act(session)
    for n in range(session.under_way):
        number = int(act.id.rpartition(".")[2]) + n
        session.received(wire.Refused(attachment=1, id=f"plenary.floor.1.{number}", refusal=UNAVAILABLE), 100)  # type: ignore[arg-type]  # ids
    assert session.held_up
    assert session.retry_at == 1_100
    session.retry(1_099)
    assert acts(out(session)) == []
    session.retry(1_100)
    assert acts(out(session)) == [act]
    accept(session, act)
    assert not session.held_up


def test_a_stale_engine_gives_its_place_up_and_says_so() -> None:
    session = link()
    act = first_act(session)
    session.received(audio(2_500, 4_000), 0)
    session.received(wire.Refused(attachment=1, id=act.id, refusal=STALE), 0)
    assert out(session) == [wire.Lost(attachment=1)]
    session.received(audio(4_000, 4_100), 0)
    session.received(wire.Refused(attachment=1, id=act.id, refusal=STALE), 0)
    assert out(session) == []
    assert session.attached == 0


def test_a_server_that_answers_nothing_is_told_that_the_place_is_lost() -> None:
    session = link()
    first_act(session)
    session.received(wire.Audio(attachment=1, t=1_300_000, pcm=PCM), 0)
    assert wire.Lost(attachment=1) in settle(session, 0)
    assert session.attached == 0


def test_what_waits_for_the_link_goes_with_its_stream() -> None:
    session = link()
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 0)
    while session.hear(0):
        turn = session.next_pass(0)
        if turn is not None:
            session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 0)
    session.received(wire.Detach(attachment=1), 0)
    assert out(session) == [HELLO]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (attach(), "Attachment 1 is there already"),
        (wire.Accepted(attachment=1, id="x", offset=1), "answered x, not the oldest"),  # type: ignore[arg-type]  # ids
        (wire.Audio(attachment=1, t=0, pcm=b"abc"), "is no PCM16"),
    ],
)
def test_a_server_that_breaks_the_rules(message: wire.ToEngine, sentence: str) -> None:
    session = link()
    session.received(attach(), 0)
    with pytest.raises(ProtocolError, match=sentence):
        session.received(message, 0)


def test_audio_after_its_end_breaks_the_rules() -> None:
    session = link()
    session.received(attach(), 0)
    session.received(audio(0, 1_600), 0)
    session.received(wire.EndOfAudio(attachment=1), 0)
    with pytest.raises(ProtocolError, match="Audio came for attachment 1 after its end"):
        session.received(audio(1_600, 1_700), 0)


def test_what_a_driver_has_to_know_of_the_audio() -> None:
    session = link()
    assert not session.lacks_audio
    session.received(attach(), 0)
    assert session.lacks_audio
    assert session.next_frame_end is None
    session.received(audio(0, 40), 0)
    assert not session.lacks_audio
    assert session.next_frame_end == 32
    session.received(wire.EndOfAudio(attachment=1), 0)
    while session.hear(100):
        pass
    assert not session.lacks_audio


def test_a_better_text_is_an_act_of_its_own_behind_the_end_of_its_line() -> None:
    session = link(speech=Revising)
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 5)
    *before, revised = acts(settle(session, 5))
    (better,) = revised.commands
    assert isinstance(better, ReviseSegment)
    ended = before[-1].commands[-1]
    assert isinstance(ended, EndSegment)
    assert (better.segment, better.base_words, better.text) == (ended.segment, 2, "GOOD MORNING.!")
    assert (revised.show, revised.resume_point) == (None, None)


def test_the_end_is_told_too_where_the_last_answer_refuses_what_comes_too_late() -> None:
    session = link(speech=Revising)
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 0)
    *before, revised = acts(settle(session, 0))
    for act in before:
        accept(session, act)
    session.received(wire.EndOfAudio(attachment=1), 10)
    for act in acts(settle(session, 10)):
        accept(session, act)
    assert wire.Drained(attachment=1) not in out(session)
    session.received(wire.Refused(attachment=1, id=revised.id, refusal=STALE), 20)
    assert out(session)[-1] == wire.Drained(attachment=1)


def test_one_that_comes_too_late_costs_the_engine_nothing() -> None:
    session = link(speech=Revising)
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 0)
    *before, revised = acts(settle(session, 0))
    for act in before:
        accept(session, act)
    session.received(wire.Refused(attachment=1, id=revised.id, refusal=STALE), 0)
    assert (session.attached, session.under_way, out(session)) == (1, 0, [])
    session.received(audio(2_500, len(PCM) // 32), 10)
    session.received(wire.EndOfAudio(attachment=1), 20)
    for act in acts(settle(session, 20)):
        accept(session, act)
    assert isinstance(out(session)[-1], wire.Drained)


class CountingVoice(ScriptedVoiceActivity):
    """Remembers how many frames it has heard, from `resume` on."""

    def __init__(self) -> None:
        self._frames = 0

    def state(self) -> bytes:
        return self._frames.to_bytes(4, "big")

    def resume(self, state: bytes) -> None:
        self._frames = int.from_bytes(state, "big")

    def probabilities(self, samples: Samples) -> list[float]:
        self._frames += len(samples) // VAD_FRAME
        return super().probabilities(samples)


def counting() -> LinkSession:
    return LinkSession(
        HELLO,
        voice=CountingVoice,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=lambda: 0.0,
    )


def test_an_act_carries_the_place_and_another_engine_goes_on_there() -> None:
    session = counting()
    session.received(attach(), 0)
    session.received(audio(0, len(PCM) // 32), 0)
    sent = acts(settle(session, 0))
    point = next(act.resume_point for act in sent if act.resume_point is not None and act.resume_point.segment is None)
    assert point.audio_from == max(0, point.begin - 3_520)
    assert int.from_bytes(point.voice, "big") == point.audio_from // 32
    second = counting()
    told = msgspec.structs.replace(attach(), audio_from=point.audio_from, resume_point=point, committed_through=1_300)
    second.received(told, 0)
    second.received(audio(point.audio_from, len(PCM) // 32), 0)
    second.received(wire.EndOfAudio(attachment=1), 0)
    later = [act.resume_point for act in acts(settle(second, 0)) if act.resume_point is not None]
    assert int.from_bytes(later[-1].voice, "big") == later[-1].audio_from // 32


def test_of_channels_whose_time_began_at_different_hours_none_is_passed_over() -> None:
    session = link()
    session.received(msgspec.structs.replace(attach(1, "old"), audio_from=3_600_000, committed_through=3_600_000), 0)
    session.received(wire.Audio(attachment=1, t=3_600_000, pcm=PCM[: 32 * 2_000]), 0)
    session.received(attach(2, "new"), 0)
    session.received(wire.Audio(attachment=2, t=0, pcm=bytes(32 * 300) + PCM[: 32 * 1_700]), 0)
    hear_all(session)
    turn = session.next_pass(0)
    assert turn is not None
    assert turn.attachment == 1


def test_it_says_what_fits_when_that_changes_and_only_then() -> None:
    load = Load(1)
    session = link(load=load)
    session.received(attach(), 0)

    def said(t: int) -> list[wire.ToServer]:
        session.received(audio(t, t + 320), 0)
        hear_all(session)
        return [message for message in out(session) if isinstance(message, wire.Capacity)]

    assert said(0) == [wire.Capacity(channels=2, most=8, attached=1)], "the hello said another number"
    assert said(320) == []
    load.passed(ran=LEAST_SPEECH * 0.4, waited=0, speech=LEAST_SPEECH)
    assert said(640) == [wire.Capacity(channels=1, most=5, attached=1)]


def test_where_all_sound_has_stopped_and_all_is_heard_one_more_fits() -> None:
    load = Load(1)
    load.passed(ran=LEAST_SPEECH * 9, waited=0, speech=LEAST_SPEECH)
    session = link(load=load)
    for number in range(1, 6):
        session.received(msgspec.structs.replace(attach(), attachment=number), 0)
    session.received(audio(0, 2_500), 0)

    def most() -> list[int | None]:
        return [message.most for message in out(session) if isinstance(message, wire.Capacity)]

    hear_all(session)
    assert most() == [0], "five of one"
    turn = session.next_pass(20_000)
    assert turn is not None
    assert most() == [], "a pass is running"
    session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 20_000)
    while (turn := session.next_pass(20_000)) is not None:
        session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 20_000)
    assert most() == [1]
    session.received(msgspec.structs.replace(attach(), attachment=6), 20_000)
    assert session.next_pass(20_000) is None
    session.received(audio(2_500, 2_600), 20_000)
    hear_all(session)
    assert most() == [], "six of six, and nobody knows yet what that one takes"


def test_a_room_whose_late_sound_has_stopped_keeps_no_other_out_once_it_is_heard() -> None:
    session = link(load=Load(1))
    session.received(attach(1, "cut"), 0)
    long = Script(words=tuple(ScriptWord(" word", t, t + 300) for t in range(0, 20_000, 300)))
    session.received(wire.Audio(attachment=1, t=0, pcm=render(long)), 0)
    said = settle(session, 0, long) + settle(session, 2_000, long)
    session.received(attach(2, "live"), 2_000)
    session.received(audio(0, 640, attachment=2), 2_000)
    while session.hear(2_000):
        pass
    rooms = [(each.channels, each.most) for each in said + out(session) if isinstance(each, wire.Capacity)]
    assert rooms == [(1, 7)], "the second room doesn't change what fits in all"


def test_a_driver_asks_once_more_when_no_sound_has_come_for_a_second() -> None:
    session = link()
    session.received(attach(), 0)
    assert session.stalls_at is None, "none has come yet"
    session.received(audio(0, 1_000), 0)
    assert session.stalls_at is None, "it is to be heard first"
    settle(session, 0)
    assert session.stalls_at == 1_000
    assert session.next_pass(999) is None, "the second word has begun"
    turn = session.next_pass(1_000)
    assert turn is not None
    assert session.stalls_at is None
    session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 1_100)
    settle(session, 60_000)
    assert session.stalls_at is None, "until more has come"
    session.received(audio(1_000, 1_100), 60_000)
    settle(session, 60_000)
    assert session.stalls_at == 61_000
    session.received(wire.EndOfAudio(attachment=1), 60_100)
    assert session.stalls_at is None


def test_a_batch_with_much_sound_takes_no_further_pass() -> None:
    long = Script(words=tuple(ScriptWord(" word", t, t + 300) for t in range(0, 4_500, 300)))
    session = link(speech=lambda attach: SpeechChannel(attach, SpeechSettings(first_pass=BATCH_MS // 2)))
    for number in range(1, 5):
        session.received(attach(number), 0)
        session.received(wire.Audio(attachment=number, t=0, pcm=render(long)), 0)
    for _ in range(2):
        while session.hear(0):
            pass
        for turn in session.next_passes(0, at_once=1):
            session.passed(turn, Hypothesis(language="en", words=()), 0)
    while session.hear(0):
        pass
    batch = session.next_passes(0, at_once=4)
    assert [turn.company for turn in batch] == [2, 2]
    assert len(session.next_passes(0, at_once=4)) == 2, "the others in the next one"


def test_terms_that_come_while_people_speak_count_from_the_next_pass_on() -> None:
    session = link()
    session.received(attach(), 0)
    session.received(audio(0, 2_500), 0)
    hear_all(session)
    turn = session.next_pass(0)
    assert turn is not None
    assert turn.request.window.glossary == ()
    session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 0)
    settle(session, 0)
    session.received(wire.Glossary(attachment=1, terms=("Moothall", "Kisumu"), near=1), 0)
    session.received(wire.Glossary(attachment=7, terms=("Nobody's",), near=1), 0)  # a channel that is gone
    session.received(audio(2_500, len(PCM) // 32), 10)
    session.received(wire.EndOfAudio(attachment=1), 10)
    hear_all(session)
    later = session.next_pass(10)
    assert later is not None
    assert later.request.window.glossary == ("Moothall",)


def test_whoever_asked_is_told_once_which_language_it_sounds_like() -> None:
    for asked in (True, False):
        session = link()
        session.received(msgspec.structs.replace(attach(), tell_language=asked), 0)
        session.received(audio(0, 1_500), 0)
        hear_all(session)
        turn = session.next_pass(0)
        assert turn is not None
        assert isinstance(turn.speech, SpeechChannel)
        turn.speech.expected.instead = "pt"
        session.passed(turn, ScriptedRecognizer(SCRIPT).recognise(turn.request.window), 0)
        told = [message for message in out(session) if isinstance(message, wire.SoundsLike)]
        assert told == ([wire.SoundsLike(attachment=1, language="pt")] if asked else [])
        session.received(audio(1_500, 4_000), 0)
        hear_all(session)
        again = session.next_pass(0)
        assert again is not None
        session.passed(again, ScriptedRecognizer(SCRIPT).recognise(again.request.window), 0)
        assert not [message for message in out(session) if isinstance(message, wire.SoundsLike)]
