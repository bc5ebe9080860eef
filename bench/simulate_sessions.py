#!/usr/bin/env python3
"""Many sessions on one engine, on a virtual clock: the order of passes, and the latency of the text, on any machine.

    OMP_NUM_THREADS=1 python bench/simulate_sessions.py RECORDING.flac --model DIR [--sessions 5] [--workers 2]
    OMP_NUM_THREADS=1 python bench/simulate_sessions.py RECORDING.flac --model DIR --minutes 5 --sessions 14 --kept FILE
    python bench/simulate_sessions.py RECORDING.flac --minutes 5 --sessions 14 --slower 2.3

The engine's own scheduler (`LinkSession`) and a real model run, one batch of passes after another. On the virtual clock
a batch takes as long as it took of this process's CPU time, and `--workers` batches run at a time as if each had a core
of its own. So a busy machine shows nearly the same figures as an idle one. With `--minutes` every session begins at
once, each at another place of the recording, which goes round (`looped.py`); otherwise one begins `--offset` seconds
after the other. With `--kept` passes that were heard before are looked up; without `--model` the words are the
reference's, and a pass costs what `PRICE` says (`priced_passes.py`). A session is attached once the engine says that it
has room, as the server does it; its sound is kept until then.

Not simulated are the server, the link, and the slowing of two cores by each other; `many_sessions.py` and `rooms.py`
have all of these, in wall-clock time. The reference lies beside the recording as .jsonl.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kept_passes import KeptPasses
from looped import Round, longest_wait, rounds
from moothall.core.commands import CommitWords, ReviseSegment
from moothall.core.signals import ChannelState, Partial
from moothall.services.engines.capacity import EngineCapacity
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.session import LinkSession, NextPass
from moothall_models.ports import Hypothesis
from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.speech.overload import Load
from moothall_models.speech.schedule import Stage
from priced_passes import Hearing, KeptBatches, Price, PricedPasses, RealPasses, shares_of_stages
from scoring import SCORER, Result, machine, score, table, together
from simulate_speech import Lines, attach_from_start

PIECE = 64
"""The length of a piece of sound, in ms."""
PRICE = Price(window=28.0, second=17.0, word=7.0, search=11.0, review=450.0, together=(1.0, 0.92, 0.91, 0.9))
"""CPU ms of Whisper base's passes on the machine of the tables."""


class Session:
    """One session's sound, and what its readers saw."""

    def __init__(self, number: int, begins: float, heard: Round, length: int) -> None:
        """`begins`: ms of the clock; `length`: ms of its sound."""
        self.number = number
        self.begins = begins
        self.heard = heard
        self.length = length
        self.sent = 0
        self.seen = Lines()
        self.lag = 0
        self.attached: float | None = None
        self.done = False
        self.stages = Counter[Stage]()
        """Ms at each stage."""

    @property
    def longest_wait(self) -> float:
        """The longest time in s from the end of a word until anything new was shown."""
        seconds = self.length / 1_000
        return longest_wait(self.heard.said(seconds), [line["at"] for line in self.seen.lines], seconds)


class Simulation:
    """The clock, the workers, and the sessions."""

    def __init__(self, sessions: list[Session], hearing: Hearing, workers: int, slower: float) -> None:
        """`slower`: the factor by which a pass takes longer than it did."""
        network = SileroNetwork()
        self.now = 0.0
        self.busy = 0.0
        self.batches = Counter[int]()
        self.capacities: list[tuple[float, wire.Capacity]] = []
        self._sessions = {session.number: session for session in sessions}
        self._hearing = hearing
        self._workers = workers
        self._slower = slower
        self._running: list[tuple[float, Sequence[NextPass], Sequence[Hypothesis]]] = []
        load_, room = Load(workers), Load(workers).room((), 0)
        hello = wire.EngineHello(
            protocol=wire.PROTOCOL, name="e", model="m", languages=(), channels=room.channels, most=room.most
        )
        self._room = EngineCapacity(hello)
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
            while waiting and waiting[0].begins <= self.now and self._link.attached < self._room.most:
                session = waiting.pop(0)
                session.attached = self.now
                self._link.received(attach_from_start(("en",), session.number), self.now)
            for session in self._sessions.values():
                if session.attached is not None:
                    self._speak(session)
            for each in [each for each in self._running if each[0] <= self.now]:
                self._running.remove(each)
                for turn, hypothesis in zip(each[1], each[2], strict=True):
                    self._link.passed(turn, hypothesis, self.now)
            while self._link.hear(self.now):
                pass
            while (free := self._workers - len(self._running)) and (
                turns := self._link.next_passes(self.now, workers=free, at_once=self._hearing.at_once)
            ):
                took, heard = self._hearing.hear(turns)
                self.batches[len(turns)] += 1
                self.busy += took * self._slower
                self._running.append((self.now + took * self._slower, turns, heard))
            while (message := self._link.next_message()) is not None:
                self._take(message)
            before, self.now = self.now, min([self._next_piece, *(end for end, _, _ in self._running)])
            for number, stage in self._link.stages.items():
                self._sessions[number].stages[stage] += round(self.now - before)

    @property
    def _next_piece(self) -> float:
        return self.now - self.now % PIECE + PIECE

    def _speak(self, session: Session) -> None:
        if self.now < session.begins:
            return
        until = min(session.length, int(self.now - session.begins))
        if until > session.sent:
            pcm = session.heard.sound(session.sent, until)
            self._link.received(wire.Audio(attachment=session.number, t=session.sent, pcm=pcm), self.now)
            session.sent = until
            if until == session.length:
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
                self._room.changed(message, self._link.attached)
                self.capacities.append((self.now, message))
            case _:
                pass


def sessions_of(args: argparse.Namespace) -> list[Session]:
    """The sessions, and when each begins."""
    if args.minutes:
        length = round(60_000 * args.minutes)
        return [Session(k + 1, 0.0, each, length) for k, each in enumerate(rounds(args.recording, args.sessions))]
    whole = rounds(args.recording, 1)[0]
    length = round(1_000 * whole.seconds)
    return [Session(k + 1, k * args.offset * 1_000, whole, length) for k in range(args.sessions)]


def hearing_of(args: argparse.Namespace, sessions: Sequence[Session]) -> Hearing:
    """The model, or the reference's words."""
    if args.model is None:
        return PricedPasses({session.number: session.heard for session in sessions}, PRICE)
    recognizer = DraftingWhisper(args.model, model=args.model.name)
    recognizer.warm_up()
    if args.kept is None:
        return RealPasses(recognizer)
    return KeptBatches(KeptPasses(args.kept, recognizer.recognise), recognizer.at_once, PRICE.together)


def main() -> None:
    """Simulate, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("--model", type=Path, help="folder with a Whisper model in CTranslate2 form")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="passes of that model that were heard before")
    parser.add_argument("--sessions", type=int, default=5)
    parser.add_argument("--minutes", type=float, help="let all begin at once, and the recording go round for so long")
    parser.add_argument("--offset", type=float, default=17.0, help="seconds from one session's beginning to the next's")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slower", type=float, default=1.0, help="a pass takes so many times as long as it did")
    parser.add_argument("--scorer", type=Path, default=SCORER)
    args = parser.parse_args()
    if not args.recording.with_suffix(".jsonl").is_file():
        sys.exit(f"{args.recording.with_suffix('.jsonl')} is missing: it says what is spoken, and when.")
    about = machine()
    sessions = sessions_of(args)
    simulation = Simulation(sessions, hearing_of(args, sessions), args.workers, args.slower)
    simulation.run()
    rows: list[tuple[str, Result]] = []
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        for session in sessions:
            reference, path = (Path(scratch) / f"s{session.number}.{kind}.jsonl" for kind in ("said", "seen"))
            session.heard.write(reference, session.length / 1_000)
            path.write_text("".join(json.dumps(line) + "\n" for line in session.seen.lines), encoding="utf-8")
            rows.append((f"s{session.number}", score(reference, args.scorer, path)))
    rows.append(("together", together([result for _, result in rows])))
    print("\n".join(about))
    share = simulation.busy / simulation.now / args.workers
    print(
        f"run       {args.sessions} sessions, {args.workers} workers, passes {args.slower} times as long, "
        f"virtual clock; workers busy {share:.0%}"
    )
    print(table(rows))
    print_loads(simulation, sessions)


def print_loads(simulation: Simulation, sessions: Sequence[Session]) -> None:
    """Print what the engine did without, and what it said of its room."""
    late = ", ".join(f"s{session.number} {session.lag / 1000:.1f}" for session in sessions)
    print(f"\nMost that readers were told the text was late, s: {late}")
    waits = ", ".join(f"s{session.number} {session.longest_wait:.1f}" for session in sessions)
    print(f"Longest from the end of a word until the text went on, s: {waits}")
    refused = [session for session in sessions if session.attached is None or session.attached > session.begins]
    print(
        "Waited for room, s: "
        + (
            ", ".join(
                f"s{each.number} {((each.attached or simulation.now) - each.begins) / 1000:.0f}" for each in refused
            )
            or "nobody"
        )
    )
    whole = sum((session.stages for session in sessions), Counter[Stage]())
    print(shares_of_stages(whole))
    print(f"Passes in a batch: {', '.join(f'{size}: {n}' for size, n in sorted(simulation.batches.items()))}")
    for at, said in simulation.capacities[:20]:
        print(f"At {at / 1000:.0f} s: {said.attached} channels, {said.channels} more in time, {said.most} at all")


if __name__ == "__main__":
    main()
