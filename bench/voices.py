#!/usr/bin/env python3
"""How well changes of voice are heard, and voices known again (bench/README.md).

    OMP_NUM_THREADS=1 python bench/voices.py FOLDER [--half 1] [--seeds 3] [--seconds 150] [--cache FILE]

FOLDER holds recordings of single voices, VOICE-….flac, such as those of LibriSpeech. Conversations are made of them
(speaking_sets.py) and played to the product's own listener, with the voice encoder of the store and the voice activity
detector. A change is found if one is heard within half a second of it. Then eight voices are confirmed as at a desk,
each once, with its first line by which it can be learnt; of all later lines it is counted who is proposed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from moothall.core.commands import CommitWords, EndSegment, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import SegmentId
from moothall.wire.engine import LEAST_VOICE_MS
from moothall_models.cli import load_encoder
from moothall_models.ports import RATE, VAD_FRAME, Floats, Hypothesis, Recognizer, Samples, VoiceEncoder, Window
from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.speech.channel import Output
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.finding import TurnFinder
from moothall_models.speech.turns.known import HeardVoice
from moothall_models.speech.turns.listener import VoiceListener
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame
from scoring import machine, markdown
from simulate_speech import CpuClock, attach_from_start, simulate
from speaking_sets import JUDGED, Conversation, conversation, half_of, lines_by_voice

WITHIN = 0.5
"""Seconds from a change within which it has to be heard."""
LINE_END, CONFIRMED = 0.6, 2.0
"""Seconds after the last word of a line at which it ends, and after that until a person confirms who spoke."""
NAMED_S = 400.0
"""Seconds of a conversation in which names are proposed."""
LINES_SEEDS = 2
"""Seeds whose conversations are recognised, where a model is given."""
AT_ONCE = 8
"""Voices of a conversation."""


class Frames(NamedTuple):
    """The frames of a conversation with their probabilities of speech."""

    talk: Conversation
    p: Sequence[float]

    def __iter__(self) -> Iterator[SpeechFrame]:  # type: ignore[override]
        for number, p in enumerate(self.p):
            samples = self.talk.sound[number * VAD_FRAME : (number + 1) * VAD_FRAME]
            yield SpeechFrame(number * FRAME_MS, samples, p)


class Measured:
    """A voice encoder that measures each window of a conversation once, and how long that takes."""

    def __init__(self, encoder: VoiceEncoder, known: dict[str, Floats]) -> None:
        self._encoder = encoder
        self._known = known
        self.cpu = 0.0
        self.windows = 0

    def vector(self, key: str, speech: Samples) -> Floats:
        if key not in self._known:
            began = time.process_time()
            self._known[key] = self._encoder.vector(speech)
            self.cpu += time.process_time() - began
            self.windows += 1
        return self._known[key]


class Changes(NamedTuple):
    """The changes of a conversation, and those that were heard."""

    found: int
    wrong: int
    there: int
    delays: Sequence[float]
    """Seconds from a change that was found to the sound that proved it."""


class Proposals(NamedTuple):
    """What was proposed for lines of voices that were confirmed, and for others."""

    right: int
    wrong: int
    none: int
    strangers: int
    """Lines of voices that nobody had confirmed and for which somebody was proposed; they count as wrong, too."""


def changes(heard: Frames, measured: Measured, settings: VoiceSettings) -> Changes:
    """Find the changes of a conversation, and compare them with the truth."""
    finder = TurnFinder(settings)
    told: list[tuple[float, float]] = []
    for frame in heard:
        finder.hear(frame)
        while (window := finder.next_window()) is not None:
            key = f"{heard.talk.key} {settings.window} {window.end}"
            change = finder.measured(window, measured.vector(key, window.speech))
            if change is not None:
                told.append((change.t / 1000, (frame.t + FRAME_MS) / 1000))
    left, found, delays = set(heard.talk.changes), 0, []
    for t, at in told:
        near = min(
            (there for there in left if abs(there - t) <= WITHIN), key=lambda there: abs(there - t), default=None
        )
        if near is not None:
            left.discard(near)
            found += 1
            delays.append(at - near)
    return Changes(found, len(told) - found, len(heard.talk.changes), delays)


def proposals(heard: Frames, measured: Measured, settings: VoiceSettings) -> Proposals:
    """Confirm each voice once, and count what is proposed for all other lines."""
    attach = msgspec.structs.replace(attach_from_start(("en",)), turns=True, voices=True)
    listener = VoiceListener(attach, settings)
    names = sorted({line.voice for line in heard.talk.lines})
    who = {SegmentId(f"l-{number}"): line for number, line in enumerate(heard.talk.lines)}
    ends = [(line.t1 + LINE_END, segment) for segment, line in who.items()]
    asked = [(at + CONFIRMED, segment) for at, segment in ends]
    learnt: dict[str, float] = {}
    used: set[SegmentId] = set()
    told: dict[SegmentId, int] = {}
    for frame in heard:
        at = frame.t / 1000
        listener.hear(frame)
        while ends and ends[0][0] <= at:
            _, segment = ends.pop(0)
            line = who[segment]
            listener.lines.committed([Word("a", round(line.t0 * 1000), round(line.t1 * 1000))])
            listener.lines.ended(segment)
        while asked and asked[0][0] <= at:
            _, segment = asked.pop(0)
            voice = who[segment].voice
            if voice not in learnt and segment not in told:
                used.add(segment)
                if listener.learn(names.index(voice) + 1, segment) >= LEAST_VOICE_MS:
                    learnt[voice] = at
        found: list[HeardVoice] = list(listener.told())
        while (window := listener.next_window()) is not None:
            key = f"{heard.talk.key} {settings.window} {window.end}"
            _, more = listener.measured(window, measured.vector(key, window.speech))
            found += more
        told.update({each.segment: each.voice for each in found})
    right = wrong = none = strangers = 0
    for segment, line in who.items():
        proposed, own = told.get(segment), names.index(line.voice) + 1
        if line.voice in learnt and line.t0 > learnt[line.voice]:
            right += proposed == own
            wrong += proposed not in (None, own)
            none += proposed is None
        elif segment not in used and proposed not in (None, own):
            strangers += 1
    return Proposals(right, wrong, none, strangers)


class Purity(NamedTuple):
    """What of the words of a conversation is in a line of another voice."""

    words: int
    astray: int
    """Words whose voice isn't the one that said most of their line."""
    ends: int
    """Lines that ended for the change of voice."""
    splits: int
    cpu: float
    """CPU seconds of recogniser, detector and encoder."""


def lines_of(
    heard: Frames, recognise: Callable[[Window], Hypothesis], measure: Callable[[Samples], Floats] | None
) -> Purity:
    """Recognise a conversation as live, on the CPU clock, and look whose words are in which line."""
    said: dict[SegmentId, list[Word]] = {}
    ends = splits = 0

    def emit(at: float, outputs: Sequence[Output]) -> None:
        nonlocal ends, splits
        for output in outputs:
            match output:
                case CommitWords():
                    said.setdefault(output.segment, []).extend(output.words)
                case EndSegment():
                    ends += output.reason is EndReason.SPEAKER
                case SplitSegment(into=str(into)):
                    splits += 1
                    words = said[output.segment]
                    said[output.segment], said[SegmentId(into)] = words[: output.word], words[output.word :]
                case _:
                    pass

    attach = msgspec.structs.replace(attach_from_start(("en",)), turns=measure is not None)
    clock = CpuClock()
    simulate(heard.talk.sound, attach, recognise, clock, emit=emit, measure=measure)
    astray = 0
    for words in said.values():
        voices = Counter(_voice(heard.talk, word) for word in words)
        astray += len(words) - max(voices.values())
    return Purity(sum(map(len, said.values())), astray, ends, splits, clock.cpu / 1000)


def _voice(talk: Conversation, word: Word) -> str:
    middle = (word.t0 + word.t1) / 2000
    return min(talk.lines, key=lambda line: max(line.t0 - middle, middle - line.t1, 0.0)).voice


def talks(voices: Mapping[str, Sequence[Samples]], seeds: int, seconds: float) -> list[Frames]:
    """Conversations of eight of these voices, another eight for each seed, in a quiet room and through rooms."""
    network, made = SileroNetwork(), []
    for seed in range(1, seeds + 1):
        some = [str(name) for name in np.random.default_rng(seed).choice(sorted(voices), AT_ONCE, replace=False)]
        for rooms in (False, True):
            talk = conversation({name: voices[name] for name in some}, seed, seconds=seconds, rooms=rooms)
            made.append(Frames(talk, SileroVoiceActivity(network).probabilities(talk.sound)))
    return made


def most_said(voices: Mapping[str, Sequence[Samples]]) -> Mapping[str, Sequence[Samples]]:
    """The eight voices with most lines, so that none has to be said twice."""
    names = sorted(voices, key=lambda name: (-len(voices[name]), name))
    return {name: voices[name] for name in names[:AT_ONCE]}


def sets(heard: Sequence[Frames]) -> Mapping[str, Sequence[Frames]]:
    """The quiet conversations, those in rooms, and all."""
    quiet = [each for each in heard if not each.talk.name.endswith("rooms")]
    return {"quiet": quiet, "in rooms": [each for each in heard if each not in quiet], "together": list(heard)}


def changes_table(heard: Sequence[Frames], measured: Measured, settings: VoiceSettings) -> str:
    """The table of the changes of voice."""
    table = []
    for name, some in sets(heard).items():
        turns = [changes(each, measured, settings) for each in some]
        minutes = sum(len(each.p) for each in some) * FRAME_MS / 60_000
        there, late = sum(each.there for each in turns), [s for each in turns for s in each.delays] or [0.0]
        found = f"{100 * sum(each.found for each in turns) / max(1, there):.0f} %"
        wrong = f"{sum(each.wrong for each in turns) / minutes:.2f}"
        delay = f"{np.mean(late):.2f} / {np.percentile(late, 95):.2f}"
        table.append([name, f"{minutes:.0f}", f"{there}", found, wrong, delay])
    head = ("conversations", "minutes", "changes", "found", "wrong a minute", "heard after, mean / p95, s")
    return markdown(head, table)


def proposals_table(heard: Sequence[Frames], measured: Measured, settings: VoiceSettings) -> str:
    """The table of what is proposed for the lines of voices that were confirmed once."""
    table = []
    for name, some in sets(heard).items():
        named = [proposals(each, measured, settings) for each in some]
        lines = sum(each.right + each.wrong + each.none for each in named)
        share = [sum(getattr(each, what) for each in named) / max(1, lines) for what in Proposals._fields]
        right, wrong, none, strangers = (f"{100 * each:.1f} %" for each in share)
        table.append([name, f"{lines}", right, wrong, none, strangers])
    return markdown(("conversations", "lines", "right", "wrong", "nobody", "lines of others, named"), table)


def lines_table(heard: Sequence[Frames], recognizer: Recognizer, encoder: VoiceEncoder) -> str:
    """The table of words in lines of another voice, without and with turns."""
    recognizer.warm_up()
    table = []
    for name, some in sets(heard).items():
        seconds = sum(len(each.talk.sound) for each in some) / RATE
        for what, measure in (("off", None), ("on", encoder.vector)):
            found = [lines_of(each, recognizer.recognise, measure) for each in some] if name != "together" else []
            if found:
                words, astray, ends, splits, cpu = (sum(column) for column in zip(*found, strict=True))
                row = [name, what, f"{words}", f"{100 * astray / words:.1f} %", f"{ends}", f"{splits}"]
                table.append([*row, f"{cpu / seconds:.3f}"])
    head = ("conversations", "turns", "words", "in a line of another voice", "lines ended", "lines split", "CPU s / s")
    return markdown(head, table)


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="recordings of single voices")
    parser.add_argument("--half", type=int, choices=(0, 1), default=JUDGED, help="0: the voices that were tuned on")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=150.0, help="length of a conversation")
    parser.add_argument(
        "--model", type=Path, help="folder with a Whisper model in CTranslate2 form: whose words are where"
    )
    parser.add_argument("--cache", type=Path, metavar="FILE", help="keep the vectors here, to try other constants")
    args = parser.parse_args()
    encoder = load_encoder(None)
    if encoder is None:
        raise SystemExit("There is no voice encoder: `moothall models fetch campplus` gets it.")
    known = dict(np.load(args.cache)) if args.cache and args.cache.is_file() else {}
    measured = Measured(encoder, known)
    voices = lines_by_voice(args.folder, 3)
    half = {name: lines for name, lines in voices.items() if half_of(name) == args.half}
    heard, settings = talks(half, args.seeds, args.seconds), VoiceSettings()
    print(changes_table(heard, measured, settings))
    seconds = sum(len(each.talk.sound) for each in heard) / RATE
    if measured.windows:
        each = measured.cpu / measured.windows
        print(f"CPU     {each * 1000:.0f} ms a window, {measured.cpu / seconds:.3f} s per s of sound")
    if args.model is not None:
        print(lines_table(heard[: 2 * LINES_SEEDS], DraftingWhisper(args.model, model=args.model.name), encoder))
    told = talks(most_said(voices), 1, NAMED_S)
    print(proposals_table(told, measured, settings))
    print(*machine(), sep="\n")
    if args.cache:
        with args.cache.open("wb") as out:
            np.savez(out, **known)


if __name__ == "__main__":
    main()
