#!/usr/bin/env python3
"""Measure the speech policy on folds of voices: what it was made on, and what it has never seen.

    OMP_NUM_THREADS=1 python bench/folds.py FOLDER --cache CACHE [--only NAME] [--last] [--seed N] [--heard RUN]

FOLDER holds pairs as for speech.py, in one language. The policy alone hears each recording on the clock of
simulate_speech.py; the same model hears it with the whole recording at hand (offline.py). A voice is of the fold that
the SHA-256 of its name gives, modulo five; fold 0 is the last one, which is opened at the beginning and the end of a
piece of work alone (`--last`). Only utterances with independent text are judged (`INDEPENDENT`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import offline
from attributing import Heard, Reference, judge, kinds, load_scorer, reference, text_of
from kept_passes import KeptPasses
from moothall_models.ports import RATE
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.store.where import open_store
from noise import make_noisy
from recordings import Pair, load, pairs_in
from scoring import SCORER, Result, figure, latency, machine, markdown, score
from simulate_speech import CpuClock, Lines, attach_from_start, simulate, whole_frames

SETS = ("dev2_en", "dev2_near", "dev2_room")
FOLDS = 5
LAST = 0
"""The fold that is opened only at the beginning and the end."""
INDEPENDENT = (
    *("to_", "timit_", "vosk", "pvc_", "pve_", "pvl_", "pya_", "mfa_", "dn", "dnn", "fsdd", "ps_"),
    *("ice_", "hub_", "ve_", "vc_"),
)
"""Beginnings of the names of clips whose text doesn't come from a recogniser."""
RECOGNISED = ("chan3", "input_2")
"""Parts of the names of clips that are exceptions to it."""
SAMPLES = 10_000
"""Samples of the bootstrap."""


class Run(NamedTuple):
    """A recording as it was heard in three ways: live when it was final, live in the record, and offline."""

    name: str
    ref: Reference
    first: Heard
    record: Heard
    whole: Heard
    figures: Result
    corrections: list[tuple[float, int]]
    """For each correction the seconds since its line was final, and how many errors more it left."""


def fold_of(voice: str) -> int:
    """Return the fold of a voice, by its name alone."""
    return int(hashlib.sha256(voice.encode()).hexdigest(), 16) % FOLDS


def independent(clip: str) -> bool:
    """Return whether the text of a clip comes from people."""
    return clip.startswith(INDEPENDENT) and not any(part in clip for part in RECOGNISED)


def judged(ref: Reference, folds: Sequence[int]) -> set[int]:
    """Return the utterances that are counted."""
    return {
        number
        for number, line in enumerate(ref.lines)
        if fold_of(line["speaker"]) in folds and independent(line["clip"])
    }


def hear(pair: Pair, passes: KeptPasses, out: Path) -> None:
    """Play a recording to the policy, and write what readers would have received."""
    samples, lines, clock = whole_frames(load(pair.sound)), Lines(), CpuClock()
    simulate(
        samples, attach_from_start(pair.languages), lambda window: passes.hear(window, clock), clock, emit=lines.add
    )
    usage = {"kind": "usage", "cpu_seconds": round(clock.cpu / 1000, 2), "audio_seconds": round(len(samples) / RATE, 2)}
    out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [*lines.lines, usage]), "utf-8")


def examine(pair: Pair, live: Path, whole: Path, scorer: Any, path: Path) -> Run:
    """Score one recording from what was heard of it."""
    ref = reference(scorer, pair.reference)
    events, _ = scorer.load_events(live)
    first, record = (judge(ref, text_of(scorer, events, corrected=corrected)) for corrected in (False, True))
    offline_events, _ = scorer.load_events(whole)
    before, after = first.by_segment(), record.by_segment()
    final: dict[str, float] = {}
    corrections = []
    for event in events:
        if event["kind"] == "commit":
            final[event["segment"]] = event["at"]
        elif event["kind"] == "correct":
            segment = event["segment"]
            corrections.append((event["at"] - final[segment], after.get(segment, 0) - before.get(segment, 0)))
    whole_text = judge(ref, text_of(scorer, offline_events, corrected=True))
    return Run(pair.name, ref, first, record, whole_text, score(pair.reference, path, live), corrections)


class Rates(NamedTuple):
    """Errors of utterances, by voice: words, live when final, live in the record, offline. Shape [voices, 4]."""

    voices: Any

    @property
    def wrong(self) -> tuple[float, float, float]:
        """Error rates, %: as first final, of the record, offline."""
        words, *errors = (float(each) for each in self.voices.sum(axis=0))
        first, record, whole = (100 * each / max(1.0, words) for each in errors)
        return first, record, whole

    def interval(self, ours: int) -> tuple[float, float]:
        """The 95 % interval of the difference of column `ours` to offline, % of words, by bootstrap over voices."""
        chance = np.random.default_rng(1)
        drawn = self.voices[chance.integers(len(self.voices), size=(SAMPLES, len(self.voices)))].sum(axis=1)
        apart = 100 * (drawn[:, ours] - drawn[:, 3]) / np.maximum(1, drawn[:, 0])
        low, high = np.percentile(apart, (2.5, 97.5))
        return float(low), float(high)


def rates(runs: Sequence[Run], folds: Sequence[int]) -> Rates:
    """Count the errors of several recordings by voice."""
    voices: dict[str, list[int]] = {}
    for run in runs:
        count = len(run.ref.lines)
        errors = [heard.by_utterance(count) for heard in (run.first, run.record, run.whole)]
        words = [run.ref.owners.count(number) for number in range(count)]
        for number in sorted(judged(run.ref, folds)):
            row = voices.setdefault(run.ref.lines[number]["speaker"], [0, 0, 0, 0])
            for column, value in enumerate((words[number], *(each[number] for each in errors))):
                row[column] += value
    return Rates(np.array(list(voices.values()) or [[0, 0, 0, 0]]))


HEAD = (
    *("set", "words", "live, final %", "live, record %", "offline %", "final - offline", "record - offline"),
    *("stable mean", "p95", "visible mean", "p95", "erasure", "CPU s / s"),
    *("corrected %", "right / wrong", "p95 of delay"),
)


def row(name: str, runs: Sequence[Run], folds: Sequence[int]) -> list[str]:
    """Return the row of one recording, or of several together."""
    counted = rates(runs, folds)
    first, record, whole = counted.wrong
    apart = [
        f"{value - whole:+.1f} ({low:+.1f} to {high:+.1f})"
        for value, (low, high) in ((first, counted.interval(1)), (record, counted.interval(2)))
    ]
    figures = [run.figures for run in runs]
    audio = sum(each["audio_seconds"] for each in figures)
    heard = sum(each["hyp_words"] for each in figures)
    late = [seconds for run in runs for seconds, _ in run.corrections]
    effects = [effect for run in runs for _, effect in run.corrections]
    together: Result = {
        "stable": latency([value for each in figures for value in each["_commit"]]),
        "visible": latency([value for each in figures for value in each["_visible"]]),
        "late": latency(late),
    }
    return [
        name,
        str(int(counted.voices[:, 0].sum())),
        *(f"{value:.1f}" for value in (first, record, whole)),
        *apart,
        *(figure(key, part)(together) for key in ("stable", "visible") for part in ("mean", "p95")),
        f"{sum(each['erasure'] * each['hyp_words'] for each in figures) / heard:.2f}",
        f"{sum(each['cpu_seconds'] for each in figures) / audio:.3f}",
        f"{100 * sum(each['corrected_words'] for each in figures) / heard:.1f}",
        f"{sum(each < 0 for each in effects)} / {sum(each > 0 for each in effects)}",
        figure("late", "p95")(together),
    ]


def kinds_table(runs: Sequence[Run], folds: Sequence[int]) -> str:
    """Return the table of errors by kind, of all recordings together."""
    ways: dict[str, Callable[[Run], Heard]] = {
        "live, final": lambda run: run.first,
        "live, record": lambda run: run.record,
        "offline": lambda run: run.whole,
    }
    found = {way: [kinds(run.ref, heard(run), judged(run.ref, folds)) for run in runs] for way, heard in ways.items()}
    rows = []
    for kind in found["offline"][0]:
        of = sum(each[kind][1] for each in found["offline"])
        counts = [sum(each[kind][0] for each in found[way]) for way in ways]
        rows.append([kind, str(of), *(f"{count} ({100 * count / max(1, of):.1f} %)" for count in counts)])
    return markdown(("errors by kind", "words", *ways), rows)


def run_all(pairs: Sequence[Pair], args: argparse.Namespace, kept: Path, scorer: Any) -> list[Run]:
    """Have the policy hear each pair, unless `args.heard` has what it heard, and the model the whole of it offline, and
    score both. `kept`: the folder for what readers would have received.
    """
    passes = None
    if args.heard is None:
        recognizer = DraftingWhisper(open_store().path(args.model), model=args.model)
        recognizer.warm_up()
        passes = KeptPasses(args.cache / f"{args.model}.passes.jsonl", recognizer.recognise, args.price)
    runs = []
    for pair in pairs:
        live = (args.heard or kept) / f"{pair.name}.hypothesis.jsonl"
        if passes is not None:
            hear(pair, passes, live)
        whole = args.cache / f"{pair.name}.{args.model}.offline.jsonl"
        if not whole.is_file():
            offline.recognise(pair, offline.load_model(args.model), whole)
        runs.append(examine(pair, live, whole, scorer, args.scorer))
        print(pair.name, "done", file=sys.stderr, flush=True)
    return runs


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `run_all` needs, and the folder of pairs."""
    parser.add_argument("folder", type=Path, help="the pairs")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--cache", type=Path, required=True, help="folder for what offline and the passes heard")
    parser.add_argument(
        "--price", type=float, default=1.0, help="what a CPU second of a pass counts, for other machines"
    )
    parser.add_argument("--heard", type=Path, metavar="RUN", help="score NAME.hypothesis.jsonl in this folder instead")
    parser.add_argument("--model", default=offline.MODEL, help="recogniser; see moothall models list")
    parser.add_argument("--scorer", type=Path, default=SCORER, help="program that scores: REFERENCE HYPOTHESIS --quiet")


def read_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the arguments; exits where there is no scorer."""
    args = parser.parse_args()
    if not args.scorer.is_file():
        sys.exit(f"There is no scorer at {args.scorer}: name one with --scorer (score_stream.py; see bench/README.md).")
    args.cache.mkdir(parents=True, exist_ok=True)
    return args


def main() -> None:
    """Hear, score, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common(parser)
    parser.add_argument("--last", action="store_true", help="the last fold, and not the others")
    parser.add_argument("--seed", action="append", type=int, default=[], help="each pair with this noise, too")
    parser.add_argument("--keep", type=Path, metavar="RUN", help="keep what readers would have received here")
    args = read_arguments(parser)
    about, scorer = machine(), load_scorer(args.scorer)
    folds = [LAST] if args.last else [fold for fold in range(FOLDS) if fold != LAST]
    pairs = pairs_in(args.folder, args.only or SETS)
    for seed in args.seed:
        out = args.cache / f"noise-{seed}"
        made = [make_noisy(pair, out, seed=seed) for pair in pairs_in(args.folder, args.only or SETS)]
        pairs += [pair._replace(name=f"{pair.name}-{seed}") for pair in made]
    kept: Path = args.keep or args.cache / "run"
    kept.mkdir(parents=True, exist_ok=True)
    runs = run_all(pairs, args, kept, scorer)
    rows = [row(run.name, [run], folds) for run in runs]
    if len(runs) > 1:
        rows.append(row("pooled", runs, folds))
    told = ", ".join(map(str, folds))
    print(markdown(HEAD, rows), "", kinds_table(runs, folds), "", f"folds     {told}", *about, sep="\n")


if __name__ == "__main__":
    main()
