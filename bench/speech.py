#!/usr/bin/env python3
"""Run a reference set through the whole live path and print one table of errors, latencies and cost.

    python bench/speech.py [FOLDER] [--model whisper-base] [--clock cpu|wall] [--scorer score_stream.py] [--keep FOLDER]
    python bench/speech.py FOLDER --whole --markdown TABLE.md
    python bench/speech.py FOLDER --only NAME --by-language      # a recording in several languages, each for itself

FOLDER holds pairs of a recording and its reference, NAME.flac (or .opus, .wav, .mp3, .ogg) and NAME.jsonl; without it
the sample session is used. `--whole` adds each recording of several voices once more with noise, and the figures of the
same model with the whole recording at hand. bench/README.md says what each column means and how to get figures worth
comparing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from noise import make_noisy, voices
from recordings import SAMPLE, Pair, by_language, pairs_in
from scoring import COLUMNS, OFFLINE, SCORER, Result, machine, score, table, together

COMPUTE_TYPE = "int8"
"""The compute type that the engine requests of CTranslate2 on a CPU."""
ON_THE_CPU_CLOCK = Path(__file__).with_name("replay.py")
MODEL = "whisper-base"
"""The model for offline figures when none is named: the default of the live path."""


def replay(pair: Pair, args: argparse.Namespace, out: Path) -> float:
    """Run the whole live path on one recording. Returns the seconds it took; exits with its output if it fails."""
    live = ["-m", "moothall", "replay", "--as-live"]
    command = [sys.executable, *(live if args.clock == "wall" else [str(ON_THE_CPU_CLOCK)])]
    command += [str(pair.sound), "--jsonl", str(out), "--language", args.language or ",".join(pair.languages)]
    command += ["--model", args.model] if args.model else []
    # One thread in every library, so that CPU time and the time of one dedicated core are the same.
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    began = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **one}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The replay failed on {pair.name} (exit code {done.returncode}):\n{done.stderr or done.stdout}")
    return time.perf_counter() - began


def facts(args: argparse.Namespace) -> list[str]:
    """Return the facts that are needed to repeat the figures."""
    cpu = "CPU time of one thread plus idle time (bench/replay.py)"
    return [
        f"date      {time.strftime('%Y-%m-%d')}",
        f"model     {args.model or f'the default ({MODEL})'}, {COMPUTE_TYPE}, one thread",
        f"clock     {cpu if args.clock == 'cpu' else 'wall clock, as live'}",
        *machine(),
        *([f"note      {args.note}"] if args.note else []),
    ]


def run(pairs: Sequence[Pair], args: argparse.Namespace, out: Path) -> list[tuple[str, Result]]:
    """Replay and score every pair; with `--offline` each result holds the offline figures as `offline`."""
    import offline

    model = offline.load_model(args.model or MODEL) if args.offline else None
    rows = []
    for pair in pairs:
        hypothesis = out / f"{pair.name}.hypothesis.jsonl"
        hypothesis.unlink(missing_ok=True)
        print(f"{pair.name} ({args.language or ', '.join(pair.languages)}) ...", end=" ", file=sys.stderr, flush=True)
        took = replay(pair, args, hypothesis)
        print(f"{took:.0f} s", file=sys.stderr, flush=True)
        result = score(pair.reference, args.scorer, hypothesis)
        if model is not None:
            result["offline"] = offline.measure(pair, model, args.scorer, out)
        kept = {key: value for key, value in result.items() if not key.startswith("_")}
        (out / f"{pair.name}.score.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        rows.append((pair.name, result))
    return rows


def main() -> None:
    """Run, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE, help="the pairs; left out, the sample session")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--model", help="recogniser; see moothall models list")
    parser.add_argument("--language", help="what is spoken, for all pairs; else the references say it")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="wall takes as long as the recordings")
    parser.add_argument("--scorer", type=Path, default=SCORER, help="program that scores: REFERENCE HYPOTHESIS --quiet")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what readers received, and the scores, here")
    parser.add_argument("--noise", action="store_true", help="pairs of several voices also with noise (bench/noise.py)")
    parser.add_argument("--by-language", action="store_true", help="pairs of several languages: each language alone")
    parser.add_argument("--offline", action="store_true", help="the same model offline beside it (bench/offline.py)")
    parser.add_argument("--whole", action="store_true", help="the whole table: --noise and --offline")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table and its circumstances here")
    parser.add_argument("--note", help="a circumstance to be said under the table, such as other work on the machine")
    args = parser.parse_args()
    args.noise, args.offline = args.noise or args.whole, args.offline or args.whole
    if not args.scorer.is_file():
        sys.exit(f"There is no scorer at {args.scorer}: name one with --scorer (score_stream.py; see bench/README.md).")
    pairs = pairs_in(args.folder, args.only)
    about = facts(args)
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        out = args.keep or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        if args.by_language:
            pairs = [one for pair in pairs for one in by_language(pair, Path(scratch))]
        if args.noise:
            noisy = {pair: [make_noisy(pair, Path(scratch))] if voices(pair) > 1 else [] for pair in pairs}
            pairs = [one for pair in pairs for one in (pair, *noisy[pair])]
        rows = run(pairs, args, out)
    if len(rows) > 1:
        rows.append(("together", together([result for _, result in rows])))
    shown = table(rows, (*COLUMNS, *OFFLINE) if args.offline else COLUMNS)
    print(shown, *about, sep="\n")
    if args.markdown is not None:
        args.markdown.parent.mkdir(parents=True, exist_ok=True)
        args.markdown.write_text("\n".join([shown, "", *(f"- {fact}" for fact in about), ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
