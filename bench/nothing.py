#!/usr/bin/env python3
"""Plays ten minutes without any speech through the speech policy: it must produce no word.

    python bench/nothing.py [FOLDER] [--model NAME] [--languages en] [--only KIND] [--seed 1] [--keep FOLDER]

Silence, a room's noise, applause, music, breath, typing and knocks, hum, and the babble of twelve voices of the pairs
in FOLDER; `unspoken.py` makes them. They are played in one session, in a session for each third of a kind, and in a
session for each third after somebody spoke. Prints a row for each kind, then all invented words, with the probability
of each word and the time for which the detector heard speech. Ends with 1 when any word was invented.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from moothall.core.commands import CommitWords
from moothall.core.signals import Partial
from moothall_models.ports import RATE, VAD_FRAME, Hypothesis, Samples, Window
from moothall_models.recognizers.silero import SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.speech.channel import DEFAULT_SETTINGS, Output
from moothall_models.speech.utterance import FrameEffect, Gate
from moothall_models.store.where import open_store
from recordings import SAMPLE, load, pairs_in, save, utterances
from scoring import machine, markdown
from simulate_speech import FRAME_MS, CpuClock, attach_from_start, simulate, whole_frames
from unspoken import KINDS, Block, Voices, unspoken

MODELS = ("whisper-base", "whisper-tiny.en")
SEED = 1
AT_A_TIME = 1000
"""Frames that the detector judges in one call."""
LONGEST_SPOKEN = 6 * RATE
"""The longest speech before the sound begins, in samples: the end of an utterance, so that it ends as people do."""
PAUSE = RATE
"""Samples of silence after that speech."""
MARGIN_MS = 300
"""A word that begins this long after the utterance's end, in ms, isn't counted as one of its
words (the scorer's margin).
"""
LATE_MS = 1_500
"""How long after the utterance's end its own words may still be shown as a partial, in ms."""
Tallies = dict[str, "Tally"]
HEAD = ("sound", "s", "voice s", "openings", "passes", "shown", "words", "CPU s / s")


class Session(NamedTuple):
    """The sound of one channel, from its first sample on."""

    samples: Samples
    counted: int
    """The time in ms from which nobody speaks; speech before it isn't counted."""
    blocks: list[Block]


class Opening(NamedTuple):
    """A stretch that the gate takes for an utterance, in ms."""

    start: int
    end: int
    speech: int
    """The ms of it that the detector took for speech."""


class Invented(NamedTuple):
    """Invented words that were committed together."""

    at: int
    """The start of the first word, in ms of the session."""
    text: str
    language: str
    odds: tuple[float, ...]
    """Probability of each word."""
    opening: Opening | None
    """The gate's opening in which they were heard; None outside of every opening."""


class Tally:
    """Counts of one kind of sound."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.ms = self.voice = self.openings = self.passes = self.shown = 0
        self.cpu = 0.0
        """CPU time in ms."""
        self.invented: list[Invented] = []

    @property
    def words(self) -> int:
        return sum(len(one.odds) for one in self.invented)

    def row(self) -> list[str]:
        counts = (self.openings, self.passes, self.shown, self.words)
        cpu = f"{self.cpu / self.ms:.3f}" if self.ms else "-"
        return [self.kind, f"{self.ms / 1000:.0f}", f"{self.voice / 1000:.1f}", *map(str, counts), cpu]


def sessions(samples: Samples, blocks: Sequence[Block], voices: Voices) -> dict[str, list[Session]]:
    """Return the ten minutes in three ways. The detector remembers earlier sound, so that each
    way finds other faults.
    """
    third = (blocks[0].end - blocks[0].start) // 3
    anew, after = [], []
    for number, at in enumerate(range(0, blocks[-1].end, third)):
        block = next(block for block in blocks if at < block.end)
        piece = samples[at * RATE // 1000 : (at + third) * RATE // 1000]
        anew.append(Session(whole_frames(piece), 0, [Block(block.kind, 0, third)]))
        spoken = voices[number % len(voices)][-LONGEST_SPOKEN:]
        counted = len(spoken) * 1000 // RATE + MARGIN_MS
        begun = np.concatenate([spoken, np.zeros(PAUSE, np.float32), piece])
        after.append(Session(whole_frames(begun), counted, [Block(block.kind, 0, len(begun) * 1000 // RATE)]))
    return {
        "all in one session": [Session(whole_frames(samples), 0, list(blocks))],
        "a session for each third": anew,
        "each third after somebody spoke": after,
    }


def openings(samples: Samples, detector: SileroVoiceActivity) -> tuple[list[float], list[Opening]]:
    """Return the probability of speech in each frame, and the openings of the gate that follow from them."""
    gate = Gate(DEFAULT_SETTINGS)
    step = AT_A_TIME * VAD_FRAME
    odds = [p for at in range(0, len(samples), step) for p in detector.probabilities(samples[at : at + step])]
    found: list[Opening] = []
    began = 0
    for frame, p in enumerate([*odds, *([0.0] * (DEFAULT_SETTINGS.utterance_end // FRAME_MS + 1))]):
        change = gate.hear(p, FRAME_MS)
        if change is FrameEffect.BEGINS:
            began = frame
        elif change is FrameEffect.ENDS:
            speech = sum(p >= DEFAULT_SETTINGS.silence_p for p in odds[began : frame + 1])
            found.append(Opening(began * FRAME_MS, (frame + 1) * FRAME_MS, speech * FRAME_MS))
    return odds, found


def play(
    session: Session,
    recognise: Callable[[Window], Hypothesis],
    languages: tuple[str, ...],
    out: Tallies,
    glossary: tuple[str, ...] = (),
) -> None:
    """Run the policy over one session, and count its outputs by the kind of sound; all terms of `glossary` are near."""
    odds, found = openings(session.samples, SileroVoiceActivity())
    clock = CpuClock()
    spent = 0.0
    segments: dict[str, str] = {}
    slack = DEFAULT_SETTINGS.pre_roll

    def kind(ms: float) -> Tally:
        return out[next((block.kind for block in session.blocks if ms < block.end), session.blocks[-1].kind)]

    def counted_pass(window: Window) -> Hypothesis:
        kind(clock.now()).passes += clock.now() >= session.counted
        return recognise(window)

    def emit(at: float, outputs: Sequence[Output]) -> None:
        nonlocal spent
        kind(at).cpu += clock.cpu - spent if at >= session.counted else 0
        spent = clock.cpu
        for output in outputs:
            if isinstance(output, Partial):
                kind(at).shown += bool(output.text) and at >= session.counted + LATE_MS
            elif isinstance(output, CommitWords):
                if output.start is not None:
                    segments[output.segment] = output.start.language
                words = [word for word in output.words if word.t0 >= session.counted]
                if not words:
                    continue
                first, text = words[0].t0, "".join(word.text for word in words).strip()
                opening = next((one for one in found if one.start - slack <= first <= one.end), None)
                odds_each = tuple(word.p for word in words)
                kind(first).invented.append(Invented(first, text, segments[output.segment], odds_each, opening))

    attach = attach_from_start(languages, glossary=glossary, near=len(glossary))
    simulate(session.samples, attach, counted_pass, clock, emit=emit)
    for block in session.blocks:
        tally, start = out[block.kind], max(block.start, session.counted)
        tally.ms += block.end - start
        heard = odds[start // FRAME_MS : block.end // FRAME_MS]
        tally.voice += FRAME_MS * sum(p >= DEFAULT_SETTINGS.speech_p for p in heard)
        tally.openings += sum(start <= opening.start < block.end for opening in found)


def together(tallies: Sequence[Tally]) -> Tally:
    """Return the sum of all kinds."""
    total = Tally("together")
    for tally in tallies:
        total.ms, total.voice, total.openings = (
            total.ms + tally.ms,
            total.voice + tally.voice,
            total.openings + tally.openings,
        )
        total.passes, total.shown, total.cpu = (
            total.passes + tally.passes,
            total.shown + tally.shown,
            total.cpu + tally.cpu,
        )
        total.invented += tally.invented
    return total


def told(kind: str, one: Invented) -> str:
    """Return the facts about invented words that help to correct the policy."""
    where = one.opening
    heard = (
        "outside of every opening" if where is None else f"{where.speech} ms of voice in {where.end - where.start} ms"
    )
    odds = " ".join(f"{p:.2f}" for p in one.odds)
    return f"- {kind} at {one.at / 1000:.1f} s ({one.language}): {one.text!r}, p {odds}; {heard}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE, help="pairs whose voices babble")
    parser.add_argument("--model", action="append", metavar="NAME", help=f"recogniser; {' and '.join(MODELS)} if none")
    parser.add_argument("--languages", default="en", help="what may be spoken: en, or several: en,de")
    parser.add_argument(
        "--only", action="append", default=[], choices=KINDS, help="only this kind, without the one session"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the sound here")
    args = parser.parse_args()
    about = machine()
    voices = []
    for pair in pairs_in(args.folder):
        sound = load(pair.sound)
        voices += [
            sound[round(line["start"] * RATE) : round(line["end"] * RATE)] for line in utterances(pair.reference)
        ]
    samples, blocks = unspoken(voices, seed=args.seed)
    if args.keep is not None:
        args.keep.mkdir(parents=True, exist_ok=True)
        save(args.keep / "nothing.flac", samples)
    words = 0
    for model in args.model or MODELS:
        recognizer = DraftingWhisper(open_store().path(model), model=model)
        recognizer.warm_up()
        for way, played in sessions(samples, blocks, voices).items():
            tallies = {block.kind: Tally(block.kind) for block in blocks if not args.only or block.kind in args.only}
            wanted = [one for one in played if not args.only or {block.kind for block in one.blocks} <= set(args.only)]
            if not wanted:
                continue
            for session in wanted:
                play(session, recognizer.recognise, tuple(args.languages.split(",")), tallies)
            all_of_it = together(list(tallies.values()))
            words += all_of_it.words
            invented = [(tally.kind, one) for tally in tallies.values() for one in tally.invented]
            print(f"{model}, int8, one thread, {args.languages}, seed {args.seed}: {way}\n")
            print(markdown(HEAD, [tally.row() for tally in (*tallies.values(), all_of_it)]), "", sep="\n")
            print(*(told(kind, one) for kind, one in invented), "", sep="\n", flush=True)
    print(*about, sep="\n")
    sys.exit(1 if words else 0)


if __name__ == "__main__":
    main()
