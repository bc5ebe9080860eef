#!/usr/bin/env python3
"""Many sessions on one engine, on a virtual clock: the order of passes, and the latency of the text, on any machine.

    OMP_NUM_THREADS=1 python bench/simulate_sessions.py RECORDING.flac --model DIR [--sessions 5] [--workers 2]

The engine's own scheduler (`LinkSession`) and a real model run, one pass after another. On the virtual clock a pass
takes as long as it took of this process's CPU time, and `--workers` passes run at a time as if each had a core of its
own. So a busy machine shows nearly the same figures as an idle one. Not simulated are the server, the link, and the
slowing of two cores by each other; `many_sessions.py` has all of these, in wall-clock time. The reference lies beside
the recording as .jsonl.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from moothall.core.commands import CommitWords, ReviseSegment
from moothall.core.signals import ChannelState, Partial
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import LinkSession, NextPass
from moothall_models.ports import Hypothesis
from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.speech.overload import Load
from recordings import load
from scoring import SCORER, Result, machine, score, table, together
from simulate_speech import Lines, attach_from_start

PIECE = 64
"""The length of a piece of sound, in ms."""


class Session:
    """One session's sound, and what its readers saw."""

    def __init__(self, number: int, begins: float, pcm: bytes) -> None:
        self.number = number
        self.begins = begins
        self.pcm = pcm
        self.sent = 0
        self.seen = Lines()
        self.lag = 0
        self.done = False


class Simulation:
    """The clock, the workers, and the sessions."""

    def __init__(self, sessions: list[Session], recognizer: DraftingWhisper, workers: int, slower: float) -> None:
        """`slower`: the factor by which a pass takes longer than it did."""
        network = SileroNetwork()
        self.now = 0.0
        self.busy = 0.0
        self.capacities: list[tuple[float, wire.Capacity]] = []
        self._sessions = {session.number: session for session in sessions}
        self._recognizer = recognizer
        self._workers = workers
        self._slower = slower
        self._running: list[tuple[float, NextPass, Hypothesis]] = []
        load_, room = Load(workers), Load(workers).room((), 0)
        hello = wire.EngineHello(
            protocol=wire.PROTOCOL, name="e", model="m", languages=(), channels=room.channels, most=room.most
        )
        self._link = LinkSession(
            hello,
            voice=lambda: SileroVoiceActivity(network),
            media=lambda attach: ArrivalTime(attach.audio_from),
            cpu_ms=lambda: 0.0,
            load=load_,
        )

    def run(self) -> None:
        """Run until every session has its last word."""
        waiting = sorted(self._sessions.values(), key=lambda session: session.begins)
        while not all(session.done for session in self._sessions.values()):
            while waiting and waiting[0].begins <= self.now:
                self._link.received(attach_from_start(("en",), waiting.pop(0).number), self.now)
            for session in self._sessions.values():
                self._speak(session)
            for each in [each for each in self._running if each[0] <= self.now]:
                self._running.remove(each)
                self._link.passed(each[1], each[2], self.now)
            while self._link.hear(self.now):
                pass
            while len(self._running) < self._workers and (turn := self._link.next_pass(self.now)) is not None:
                before = time.process_time()
                hypothesis = self._recognizer.recognise(turn.request.window)
                took = (time.process_time() - before) * 1_000 * self._slower
                self.busy += took
                self._running.append((self.now + took, turn, hypothesis))
            while (message := self._link.next_message()) is not None:
                self._take(message)
            self.now = min([self.now - self.now % PIECE + PIECE, *(end for end, _, _ in self._running)])

    def _speak(self, session: Session) -> None:
        if self.now < session.begins:
            return
        until = min(len(session.pcm) // 32, int(self.now - session.begins))
        if until > session.sent:
            pcm = session.pcm[session.sent * 32 : until * 32]
            self._link.received(wire.Audio(attachment=session.number, t=session.sent, pcm=pcm), self.now)
            session.sent = until
            if until == len(session.pcm) // 32:
                self._link.received(wire.EndOfAudio(attachment=session.number), self.now)

    def _take(self, message: wire.ToServer) -> None:
        match message:
            case wire.PassAct():
                session = self._sessions[message.attachment]
                texts = [command for command in message.commands if isinstance(command, CommitWords | ReviseSegment)]
                shown = [] if message.show is None else [message.show]
                session.seen.add(self.now - session.begins, [*texts, *shown])
                self._link.received(wire.Accepted(attachment=message.attachment, id=message.id, offset=1), self.now)
            case wire.Tell(signal=Partial() as partial):
                session = self._sessions[message.attachment]
                session.seen.add(self.now - session.begins, [partial])
            case wire.Tell(signal=ChannelState() as state):
                session = self._sessions[message.attachment]
                session.lag = max(session.lag, state.lag)
            case wire.Drained():
                self._sessions[message.attachment].done = True
            case wire.Capacity():
                self.capacities.append((self.now, message))
            case _:
                pass


def main() -> None:
    """Simulate, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="folder with a Whisper model in CTranslate2 form")
    parser.add_argument("--sessions", type=int, default=5)
    parser.add_argument("--offset", type=float, default=17.0, help="seconds from one session's beginning to the next's")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slower", type=float, default=1.0, help="a pass takes so many times as long as it did")
    parser.add_argument("--scorer", type=Path, default=SCORER)
    args = parser.parse_args()
    reference = args.recording.with_suffix(".jsonl")
    if not reference.is_file():
        sys.exit(f"{reference} is missing: it says what is spoken in {args.recording.name}, and when.")
    pcm = np.rint(load(args.recording) * 32_767).clip(-32_768, 32_767).astype("<i2").tobytes()
    recognizer = DraftingWhisper(args.model, model=args.model.name)
    recognizer.warm_up()
    about = machine()
    sessions = [Session(k + 1, k * args.offset * 1_000, pcm) for k in range(args.sessions)]
    simulation = Simulation(sessions, recognizer, args.workers, args.slower)
    simulation.run()
    rows: list[tuple[str, Result]] = []
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        for session in sessions:
            path = Path(scratch) / f"s{session.number}.jsonl"
            path.write_text("".join(json.dumps(line) + "\n" for line in session.seen.lines), encoding="utf-8")
            rows.append((f"s{session.number}", score(reference, args.scorer, path)))
    rows.append(("together", together([result for _, result in rows])))
    print("\n".join(about))
    share = simulation.busy / simulation.now / args.workers
    print(f"run       {args.sessions} sessions, {args.workers} workers, virtual clock; workers busy {share:.0%}")
    print(table(rows))
    late = ", ".join(f"s{session.number} {session.lag / 1000:.1f}" for session in sessions)
    print(f"\nMost that readers were told the text was late, s: {late}")
    for at, said in simulation.capacities[:20]:
        print(f"At {at / 1000:.0f} s: {said.attached} channels, {said.channels} more in time, {said.most} at all")


if __name__ == "__main__":
    main()
