#!/usr/bin/env python3
"""Measures recordings with and without their glossaries: errors over all words, names right, names and words invented.

    OMP_NUM_THREADS=1 python bench/glossary.py [FOLDER] [--model NAME] [--decoder NAME] [--way WAY] [--nothing]

FOLDER holds pairs as for speech.py, and for each NAME a glossary NAME.toml (docs/reference/glossary.md); without FOLDER
the synthetic recording in bench/glossary is used. Each pair is heard once for each way:

  none      without terms
  relevant  all terms told, none of them near: given when heard, or when something unsure sounds like them
  near      the same, with the first `--near` terms near: what a title, a desk or a speaker adds
  all       every term in every window in which somebody speaks, as where nobody chooses

The policy alone, on the clock of simulate_speech.py. `--nothing` plays unspoken.py's ten minutes as well, in a session
for each third of a kind, without terms and with the worst case of a glossary: all of its terms near.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import nothing
from moothall.core.glossary.files import read_glossary
from moothall_models.ports import RATE, Hypothesis, Window
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.recognizers.whisper.whisper import WhisperRecognizer
from moothall_models.speech.text import plain
from moothall_models.store.where import open_store
from recordings import Pair, load, pairs_in, utterances
from scoring import SCORER, figure, machine, markdown, score
from simulate_speech import CpuClock, Lines, attach_from_start, simulate, whole_frames
from unspoken import unspoken

HERE = Path(__file__).resolve().parent / "glossary"
WAYS = ("none", "relevant", "near", "all")
NEAR = 5
DECODERS = {"drafting": DraftingWhisper, "ctranslate2": WhisperRecognizer}
"""The decoder of an engine on a processor, and that of an engine on a graphics card."""
Recognise = Callable[[Window], Hypothesis]


class Names(NamedTuple):
    """Counts of terms in a text compared with its reference."""

    said: int
    right: int
    """Terms found, counted at most as often as each was said."""
    invented: int
    """Terms found more often than they were said."""


def count(term: str, text: str) -> int:
    """Return how often a term is in a text, word for word, without case and punctuation."""
    words, wanted = [plain(word) for word in text.split()], [plain(word) for word in term.split()]
    return sum(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def names(terms: Sequence[str], reference: str, heard: str) -> Names:
    """Return the counts of all terms together. `Nwankwo's` doesn't count as a term, in either text."""
    pairs = [(count(term, reference), count(term, heard)) for term in terms]
    said, right = sum(said for said, _ in pairs), sum(min(pair) for pair in pairs)
    return Names(said, right, sum(max(0, found - said) for said, found in pairs))


def final_text(lines: Sequence[dict[str, Any]]) -> str:
    """Return the final text: words as they were committed, or as they were then corrected."""
    segments: dict[str, str] = {}
    for line in lines:
        if line["kind"] == "commit":
            segments[line["segment"]] = f"{segments.get(line['segment'], '')} {line['text']}"
        elif line["kind"] == "correct":
            segments[line["segment"]] = line["text"]
    return " ".join(segments.values())


def terms_of(pair: Pair) -> tuple[str, ...]:
    """Return the terms of the glossary beside a recording; exits if there is none."""
    path = pair.reference.with_suffix(".toml")
    if not path.is_file():
        sys.exit(f"{pair.name} has no glossary: put one at {path}.")
    return tuple(term for part in read_glossary(path.read_text(encoding="utf-8"), str(path)) for term in part.terms)


def always(recognise: Recognise, terms: tuple[str, ...], window: Window) -> Hypothesis:
    """Run a pass with all terms in its glossary."""
    return recognise(msgspec.structs.replace(window, glossary=terms))


def run(pair: Pair, way: str, recognise: Recognise, args: argparse.Namespace, out: Path) -> list[str]:
    """Hear a pair in one way; returns a row of the table."""
    terms = terms_of(pair)
    given = () if way in ("none", "all") else terms
    passes = partial(always, recognise, terms) if way == "all" else recognise
    told: list[int] = []

    def counted(window: Window) -> Hypothesis:
        told.append(len(terms) if way == "all" else len(window.glossary))
        return passes(window)

    samples, lines, clock = whole_frames(load(pair.sound)), Lines(), CpuClock()
    near = args.near if way == "near" else 0
    simulate(samples, attach_from_start(pair.languages, glossary=given, near=near), counted, clock, emit=lines.add)
    path = out / f"{pair.name}.{way}.hypothesis.jsonl"
    usage = {"kind": "usage", "cpu_seconds": clock.cpu / 1000, "audio_seconds": len(samples) / RATE}
    path.write_text("\n".join(json.dumps(line) for line in [*lines.lines, usage]) + "\n", encoding="utf-8")
    result = score(pair.reference, args.scorer, path)
    reference = " ".join(line["text"] for line in utterances(pair.reference))
    found = names(terms, reference, final_text(lines.lines))
    return [
        f"{pair.name}, {way}",
        figure("ref_words", digits=0)(result),
        figure("wer", digits=1, scale=100)(result),
        f"{found.right} of {found.said}",
        str(found.invented),
        figure("silence_words", digits=0)(result),
        figure("commit_latency", "mean")(result),
        figure("commit_latency", "p95")(result),
        figure("erasure")(result),
        figure("rtf", digits=3)(result),
        f"{sum(told) / max(1, len(told)):.1f}",
    ]


HEAD = (
    *("recording, way", "words", "WER %", "names right", "invented", "in silence"),
    *("commit mean", "p95", "erasure", "CPU s / s", "terms a pass"),
)


def unspoken_words(pairs: Sequence[Pair], recognise: Recognise, args: argparse.Namespace) -> list[str]:
    """Return the words invented in sounds without speech, without and with all terms, a line each."""
    voices = []
    for pair in pairs:
        sound = load(pair.sound)
        voices += [
            sound[round(line["start"] * RATE) : round(line["end"] * RATE)] for line in utterances(pair.reference)
        ]
    samples, blocks = unspoken(voices, seed=args.seed)
    sessions = nothing.sessions(samples, blocks, voices)["a session for each third"]
    told = []
    for way, terms in (("without terms", ()), ("all terms near", terms_of(pairs[0]))):
        tallies = {block.kind: nothing.Tally(block.kind) for block in blocks}
        for session in sessions:
            nothing.play(session, recognise, pairs[0].languages, tallies, terms)
        total = nothing.together(list(tallies.values()))
        told.append(
            f"ten minutes of nothing, {way}: {total.words} words, {total.shown} partials, {total.passes} passes"
        )
        told += [nothing.told(tally.kind, one) for tally in tallies.values() for one in tally.invented]
    return told


def main() -> None:
    """Run, score, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="the pairs; left out, the synthetic one")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--model", default="whisper-base", help="recogniser; see moothall models list")
    parser.add_argument("--decoder", choices=sorted(DECODERS), default="drafting", help="default: drafting")
    parser.add_argument("--way", action="append", choices=WAYS, help="only this way (may be repeated)")
    parser.add_argument("--near", type=int, default=NEAR, help=f"how many terms are near in `near` (default {NEAR})")
    parser.add_argument("--nothing", action="store_true", help="ten minutes in which nobody speaks as well")
    parser.add_argument("--seed", type=int, default=nothing.SEED, help="of those ten minutes")
    parser.add_argument("--scorer", type=Path, default=SCORER, help="program that scores: REFERENCE HYPOTHESIS --quiet")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what readers would have received here")
    args = parser.parse_args()
    if not args.scorer.is_file():
        sys.exit(f"There is no scorer at {args.scorer}: name one with --scorer (score_stream.py; see bench/README.md).")
    pairs, about = pairs_in(args.folder, args.only), machine()
    recognizer = DECODERS[args.decoder](open_store().path(args.model), model=args.model)
    recognizer.warm_up()
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        out: Any = args.keep or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        rows = [run(pair, way, recognizer.recognise, args, out) for pair in pairs for way in args.way or WAYS]
    print(markdown(HEAD, rows))
    if args.nothing:
        print("", *unspoken_words(pairs, recognizer.recognise, args), sep="\n")
    print(
        "",
        f"date      {time.strftime('%Y-%m-%d')}",
        f"model     {args.model}, int8, one thread, decoder {args.decoder}",
        *about,
        sep="\n",
    )


if __name__ == "__main__":
    main()
