"""Voices on the engine's side of a link: what is measured, what the server is told, and what is forgotten."""

from __future__ import annotations

import msgspec
import pytest

from moothall.core.commands import EndSegment, SplitSegment
from moothall.core.events.lines import EndReason
from moothall.core.kernel.errors import ProtocolError, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.testing.scripted import Script, ScriptWord, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import LinkSession
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity, ScriptedVoiceEncoder

HELLO = wire.EngineHello(
    protocol=1, name="e", model="scripted", languages=(), channels=2, tells_turns=True, knows_voices=True
)
TOO_LATE = Refusal(code=RefusalCode.STALE, message="Too late.")
WORD_MS = 400


def script(*turns: tuple[int, str]) -> Script:
    """Turns of voices, one after the other without any pause."""
    words = [(voice, word) for voice, text in turns for word in text.split()]
    return Script(
        words=tuple(
            ScriptWord(f" {word}", 320 + n * WORD_MS, 320 + (n + 1) * WORD_MS, voice=voice)
            for n, (voice, word) in enumerate(words)
        )
    )


TWO = script((0, "a " * 16), (1, "b " * 16), (0, "c " * 16))


def attach(*, turns: bool = False, voices: bool = False) -> wire.Attach:
    return wire.Attach(
        attachment=1,
        session=SessionId("plenary"),
        channel=ChannelId("floor"),
        generation=1,
        languages=("en",),
        committed_through=0,
        last_words=(),
        open_segment=None,
        audio_from=0,
        turns=turns,
        voices=voices,
    )


class Link:
    """A link whose passes and voices are done at once, and whose acts are answered at once."""

    def __init__(self, said: Script, hello: wire.EngineHello = HELLO, **asked: bool) -> None:
        self.session = LinkSession(
            hello,
            voice=ScriptedVoiceActivity,
            media=lambda attach: ArrivalTime(attach.audio_from),
            cpu_ms=lambda: 0.0,
        )
        self._said, self._pcm, self._at = said, render(said), 0
        self.told: list[wire.ToServer] = []
        self.measured = 0
        self.splits = True
        """Whether the server accepts that a line is split."""
        self.session.received(attach(**asked), 0)

    def play(self, until: int) -> None:
        """Play what is said until media ms `until`, a fifth of a second at a time."""
        while self._at < until:
            pcm = self._pcm[self._at * 32 : (self._at + 200) * 32]
            self.session.received(wire.Audio(attachment=1, t=self._at, pcm=pcm), self._at)
            self._at += 200
            self._settle()

    def end(self) -> None:
        self.play(len(self._pcm) // 32)
        self.session.received(wire.EndOfAudio(attachment=1), self._at)
        self._settle()

    def _settle(self) -> None:
        recognizer, encoder = ScriptedRecognizer(self._said), ScriptedVoiceEncoder(self._said)
        while True:
            while self.session.hear(self._at):
                pass
            if (turn := self.session.next_pass(self._at)) is not None:
                self.session.passed(turn, recognizer.recognise(turn.request.window), self._at)
            elif (voice := self.session.next_voice()) is not None:
                self.measured += 1
                self.session.measured(voice, encoder.vector(voice.window.speech), self._at)
            else:
                break
        self._answer()

    def _answer(self) -> None:
        while (message := self.session.next_message()) is not None:
            self.told.append(message)
            if isinstance(message, wire.PassAct):
                accepted = self.splits or not isinstance(message.commands[0], SplitSegment)
                accept = wire.Accepted(attachment=1, id=message.id, offset=1)
                refuse = wire.Refused(attachment=1, id=message.id, refusal=TOO_LATE)
                self.session.received(accept if accepted else refuse, self._at)

    def commands(self, *kinds: type) -> list[object]:
        acts = [message for message in self.told if isinstance(message, wire.PassAct)]
        return [command for act in acts for command in act.commands if isinstance(command, kinds)]

    def voices(self) -> list[tuple[str, int]]:
        return [(each.segment, each.voice) for each in self.told if isinstance(each, wire.VoiceHeard)]


def test_a_line_ends_or_is_split_where_another_voice_begins() -> None:
    link = Link(TWO, turns=True)
    link.end()
    ends = [command for command in link.commands(EndSegment) if getattr(command, "reason", None) is EndReason.SPEAKER]
    assert len(ends) + len(link.commands(SplitSegment)) == 2
    assert isinstance(link.told[-1], wire.Drained)
    for message in link.told:
        if isinstance(message, wire.PassAct) and any(isinstance(each, SplitSegment) for each in message.commands):
            assert len(message.commands) == 1, "an act of its own"


@pytest.mark.parametrize(
    ("hello", "asked"), [(HELLO, {}), (msgspec.structs.replace(HELLO, tells_turns=False), {"turns": True})]
)
def test_nothing_is_measured_that_nobody_wants_or_nobody_can(hello: wire.EngineHello, asked: dict[str, bool]) -> None:
    link = Link(TWO, hello, **asked)
    link.end()
    assert link.measured == 0
    assert link.commands(SplitSegment) == []


def test_a_confirmed_voice_is_known_again_until_it_is_forgotten() -> None:
    link = Link(script((0, "a a a a. " * 4), (1, "b b b b. " * 4), (0, "c c c c. " * 8)), turns=True, voices=True)
    link.play(5_600)
    link.session.received(wire.LearnVoice(attachment=1, voice=5, segment=SegmentId("floor-1-2")), 0)
    link.play(17_000)
    [learnt] = [each for each in link.told if isinstance(each, wire.VoiceLearnt)]
    assert learnt.voice == 5
    assert learnt.ms >= 2_000
    assert {voice for _, voice in link.voices()} == {5}
    assert ("floor-1-6", 5) not in link.voices(), "another voice said it"
    assert any(segment in ("floor-1-9", "floor-1-10", "floor-1-11") for segment, _ in link.voices())
    link.session.received(wire.ForgetVoice(attachment=1, voice=5), 0)
    known = link.voices()
    link.end()
    assert link.voices() == known


def test_what_waits_for_the_link_of_a_voice_goes_with_it() -> None:
    link = Link(TWO, turns=True, voices=True)
    link.session.received(wire.LearnVoice(attachment=1, voice=5, segment=SegmentId("unknown")), 0)
    link.session.received(wire.ForgetVoice(attachment=1, voice=5), 0)
    assert link.session.next_message() == HELLO
    assert link.session.next_message() is None
    link.session.received(wire.LearnVoice(attachment=1, voice=5, segment=SegmentId("unknown")), 0)
    assert link.session.next_message() == wire.VoiceLearnt(attachment=1, voice=5, ms=0)


@pytest.mark.parametrize("number", [0, 65])
def test_a_number_that_is_no_voice_breaks_the_rules(number: int) -> None:
    link = Link(TWO, turns=True, voices=True)
    with pytest.raises(ProtocolError, match="the numbers of voices are 1 to 64"):
        link.session.received(wire.LearnVoice(attachment=1, voice=number, segment=SegmentId("a")), 0)


def test_a_voice_that_is_measured_when_its_channel_is_gone_is_dropped() -> None:
    link = Link(TWO, turns=True)
    link.session.received(wire.Audio(attachment=1, t=0, pcm=render(TWO)[: 3_000 * 32]), 3_000)
    while link.session.hear(3_000):
        pass
    voice = link.session.next_voice()
    assert voice is not None
    link.session.received(wire.Detach(attachment=1), 3_000)
    link.session.measured(voice, ScriptedVoiceEncoder(TWO).vector(voice.window.speech), 3_000)
    assert link.session.next_voice() is None


def test_a_split_that_is_refused_costs_nothing() -> None:
    link = Link(script((0, "a " * 9), (1, "b b. c " * 4)), turns=True)
    link.splits = False
    link.end()
    assert link.commands(SplitSegment)
    assert not any(isinstance(message, wire.Lost) for message in link.told)
    assert isinstance(link.told[-1], wire.Drained)
