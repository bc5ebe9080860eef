"""An engine with a recogniser that streams: the same link, the same messages, another policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.testing.scripted import make_script, render
from moothall.wire import engine as wire
from moothall_models.cli import Computing, load_model
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.policies import ChannelPolicy, policy_for
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Recognizer, StreamStep, VoiceActivity
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.recognizers.scripted_streams import ScriptedStreams
from moothall_models.speech.channel import SpeechChannel
from moothall_models.speech.listening.streamed import StreamedChannel
from support.models.tone_models import SAID, speech, streaming_model, windowed_model

SCRIPT = make_script(7, 24)
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=9)


def attach(number: int = 1) -> wire.Attach:
    return wire.Attach(
        attachment=number,
        session=SessionId(f"s{number}"),
        channel=ChannelId("floor"),
        generation=1,
        languages=("en",),
        committed_through=0,
        last_words=(),
        open_segment=None,
        audio_from=0,
    )


def lines(
    recognizer: Recognizer,
    pcm: bytes,
    channels: int = 1,
    speech: Callable[[wire.Attach], ChannelPolicy] | None = None,
) -> dict[int, list[str]]:
    """What the channels of a link say when all hear this sound, as it comes; `speech` makes their policies."""
    session = LinkSession(
        HELLO,
        voice=ScriptedVoiceActivity,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=lambda: 0.0,
        speech=speech or policy_for(recognizer),
    )
    for number in range(1, channels + 1):
        session.received(attach(number), 0)
    said: dict[int, list[str]] = {number: [] for number in range(1, channels + 1)}
    opened: dict[int, str] = dict.fromkeys(said, "")
    size = 100 * 32
    for at in range(0, len(pcm) + size, size):
        now = at / 32
        for number in said:
            if at < len(pcm):
                session.received(wire.Audio(attachment=number, t=at // 32, pcm=pcm[at : at + size]), now)
            else:
                session.received(wire.EndOfAudio(attachment=number), now)
        busy = True
        while busy:
            busy = session.hear(now)
            turns = session.next_passes(now, at_once=recognizer.at_once)
            heard = recognizer.recognise_all([turn.request.window for turn in turns])
            for turn, hypothesis in zip(turns, heard, strict=True):
                session.passed(turn, hypothesis, now)
            busy = busy or bool(turns)
        while (message := session.next_message()) is not None:
            if isinstance(message, wire.PassAct):
                for command in message.commands:
                    if isinstance(command, CommitWords):
                        opened[message.attachment] += "".join(word.text for word in command.words)
                    elif isinstance(command, EndSegment):
                        said[message.attachment].append(opened[message.attachment])
                        opened[message.attachment] = ""
                session.received(wire.Accepted(attachment=message.attachment, id=message.id, offset=0), now)
    assert session.attached == 0  # All are drained.
    return said


def test_each_recogniser_has_its_policy() -> None:
    assert isinstance(policy_for(ScriptedRecognizer(SCRIPT))(attach()), SpeechChannel)
    assert isinstance(policy_for(ScriptedStreams(SCRIPT))(attach()), StreamedChannel)


def test_each_policy_writes_chinese_in_the_script_of_its_language() -> None:
    words = tuple(msgspec.structs.replace(word, text="數據。", language="zh") for word in SCRIPT.words[:3])
    script = msgspec.structs.replace(SCRIPT, words=words)
    for recognizer in (ScriptedRecognizer(script), ScriptedStreams(script)):
        said = lines(recognizer, render(script), speech=in_chinese(policy_for(recognizer, load_scripts())))[1]
        assert set("".join(said)) == set("数据。")


def in_chinese(policy: Callable[[wire.Attach], ChannelPolicy]) -> Callable[[wire.Attach], ChannelPolicy]:
    return lambda attached: policy(msgspec.structs.replace(attached, languages=("zh",)))


def test_the_lines_are_those_of_a_recogniser_of_windows() -> None:
    pcm = render(SCRIPT)
    by_stream, by_windows = lines(ScriptedStreams(SCRIPT), pcm), lines(ScriptedRecognizer(SCRIPT), pcm)
    assert by_stream == by_windows
    assert len(by_stream[1]) > 1


def test_channels_that_share_batches_say_the_same() -> None:
    alone = lines(ScriptedStreams(SCRIPT), render(SCRIPT))[1]
    assert lines(ScriptedStreams(SCRIPT, at_once=4), render(SCRIPT), 3) == {1: alone, 2: alone, 3: alone}


def test_models_in_a_folder_are_run_by_their_kind(tmp_path: Path) -> None:
    pcm = (speech() * 32_767).astype("<i2").tobytes()
    streaming, voice = load_model("ours", streaming_model(tmp_path / "streaming"), Computing())
    windowed, _ = load_model("ours", windowed_model(tmp_path / "windowed"), Computing())
    detector: VoiceActivity = voice()
    assert detector.probabilities(speech()[:512])[0] < 0.5
    assert isinstance(policy_for(streaming)(attach()), StreamedChannel)
    assert isinstance(policy_for(windowed)(attach()), SpeechChannel)
    assert lines(streaming, pcm) == {1: [SAID.strip()]}
    assert streaming.model == windowed.model == "ours"


def test_a_stream_gets_steps() -> None:
    recognizer = ScriptedStreams(SCRIPT)
    channel = policy_for(recognizer)(attach())
    pcm = render(SCRIPT)
    session = LinkSession(
        HELLO, voice=ScriptedVoiceActivity, media=lambda _: ArrivalTime(0), cpu_ms=lambda: 0.0, speech=lambda _: channel
    )
    session.received(attach(), 0)
    session.received(wire.Audio(attachment=1, t=0, pcm=pcm[: 32 * 3_000]), 0)
    session.hear(0)
    turn = session.next_pass(0)
    assert turn is not None
    assert isinstance(turn.request.window, StreamStep)
