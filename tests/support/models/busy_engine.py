"""An engine on a virtual clock whose passes take as long as a test says, and the channels that speak to it."""

from __future__ import annotations

from moothall.core.commands import CommitWords
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.testing.scripted import Script, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import LinkSession, NextPass
from moothall_models.ports import RATE
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.speech.channel import DEFAULT_SETTINGS
from moothall_models.speech.overload import Load
from moothall_models.speech.schedule import Stage

TICK = 100
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=3)


class Speaker:
    """One channel: its sound as it comes, and what became of it."""

    def __init__(self, number: int, script: Script, begins: int, burst: int) -> None:
        """`begins`: media ms of its first sample. `burst`: sound, ms, that is there at once, as after a dead link."""
        self.number = number
        self.recognizer = ScriptedRecognizer(script, cpu_ns=lambda: 0)
        self.pcm = render(script)
        self.begins = begins
        self.sent = 0
        self.burst = burst
        self.words: list[str] = []
        self.came: list[float] = []
        """When each of them came, ms of the engine's clock."""
        self.stages: set[Stage] = set()
        """What the channel did without, at any time."""
        self.drained = False

    def attach(self) -> wire.Attach:
        return wire.Attach(
            attachment=self.number,
            session=SessionId(f"s{self.number}"),
            channel=ChannelId("floor"),
            generation=1,
            languages=("en",),
            committed_through=self.begins,
            last_words=(),
            open_segment=None,
            audio_from=self.begins,
        )

    def speak(self, session: LinkSession, now: float) -> None:
        """The sound of the next tick; after the last one, its end."""
        piece = self.pcm[self.sent * 32 : (self.sent + self.burst + TICK) * 32]
        if piece:
            session.received(wire.Audio(attachment=self.number, t=self.begins + self.sent, pcm=piece), now)
            self.sent += len(piece) // 32
            self.burst = 0
            if self.sent * 32 >= len(self.pcm):
                session.received(wire.EndOfAudio(attachment=self.number), now)


class Engine:
    """An engine whose passes take `cost` ms."""

    def __init__(self, speakers: list[Speaker], workers: int, cost: int) -> None:
        self.now = 0.0
        self.session = LinkSession(
            HELLO,
            voice=ScriptedVoiceActivity,
            media=lambda attach: ArrivalTime(attach.audio_from),
            cpu_ms=lambda: 0.0,
            load=Load(workers),
        )
        self.speakers = {speaker.number: speaker for speaker in speakers}
        self.workers, self.cost = workers, cost
        self.running: list[tuple[float, NextPass]] = []
        self.wanted: dict[int, float] = {}
        """Since when each channel's pass has waited."""
        self.longest_wait = 0.0
        self.capacities: list[wire.Capacity] = []

    def tick(self) -> None:
        for end, done in [each for each in self.running if each[0] <= self.now]:
            self.running.remove((end, done))
            self.session.passed(
                done, self.speakers[done.attachment].recognizer.recognise(done.request.window), self.now
            )
        while self.session.hear(self.now):
            pass
        while len(self.running) < self.workers and (turn := self.session.next_pass(self.now)) is not None:
            assert turn.attachment not in [other.attachment for _, other in self.running], (
                "one pass at a time of a channel"
            )
            assert len(turn.request.window.audio) <= DEFAULT_SETTINGS.longest_window * RATE // 1_000
            self.running.append((self.now + self.cost, turn))
        self._note_waits()
        for number, stage in self.session.stages.items():
            self.speakers[number].stages.add(stage)
        while (message := self.session.next_message()) is not None:
            self._take(message)
        self.now += TICK

    def _note_waits(self) -> None:
        running = {turn.attachment for _, turn in self.running}
        for number, channel in self.session._channels.items():
            if channel.wanted is None or number in running:
                self.wanted.pop(number, None)
            else:
                self.wanted.setdefault(number, self.now)
                self.longest_wait = max(self.longest_wait, self.now - self.wanted[number])

    def _take(self, message: wire.ToServer) -> None:
        match message:
            case wire.PassAct():
                for command in message.commands:
                    if isinstance(command, CommitWords):
                        speaker = self.speakers[message.attachment]
                        speaker.words += [word.text.strip() for word in command.words]
                        speaker.came += [self.now] * len(command.words)
                self.session.received(wire.Accepted(attachment=message.attachment, id=message.id, offset=1), self.now)
            case wire.Drained():
                self.speakers[message.attachment].drained = True
            case wire.Capacity():
                self.capacities.append(message)
            case _:
                pass
