#!/usr/bin/env python3
"""Run a reference set through `moothall replay` and print one table of errors, latencies and cost.

    python bench/speech.py [FOLDER] [--model whisper-base] [--clock cpu|wall] [--scorer score_stream.py] [--keep FOLDER]

FOLDER holds pairs of a recording and its reference, NAME.flac (or .opus, .wav, .mp3, .ogg) and NAME.jsonl; without it
the sample session is taken. bench/README.md says what each column means and how to get figures worth comparing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "config" / "sample"
SCORER = ROOT.parent / "shared" / "bench" / "score_stream.py"
SOUNDS = (".flac", ".opus", ".wav", ".mp3", ".ogg")
PACKAGES = ("moothall", "faster-whisper", "ctranslate2", "onnxruntime", "av", "numpy", "jiwer", "whisper-normalizer")
COMPUTE_TYPE = "int8"
"""What the engine asks CTranslate2 for on a CPU."""


class Pair(NamedTuple):
    """A recording with its reference, and the languages in the order in which they are spoken."""

    name: str
    sound: Path
    reference: Path
    languages: tuple[str, ...]


def pairs_in(folder: Path, names: Sequence[str]) -> list[Pair]:
    """All pairs of a folder, in order of their names; only `names` if there are any. Exits if there is none."""
    found = []
    for reference in sorted(folder.glob("*.jsonl")):
        sound = next((path for end in SOUNDS if (path := reference.with_suffix(end)).is_file()), None)
        if sound is None or (names and reference.stem not in names):
            continue
        lines = [json.loads(line) for line in reference.read_text(encoding="utf-8").splitlines() if line.strip()]
        languages = tuple(dict.fromkeys(line.get("lang", "en") for line in lines))
        found.append(Pair(reference.stem, sound, reference, languages))
    missing = set(names) - {pair.name for pair in found}
    if missing or not found:
        what = ", ".join(sorted(missing)) or "any pair"
        sys.exit(f"{folder} does not hold {what}: put a recording NAME.flac and its reference NAME.jsonl there.")
    return found


def replay(pair: Pair, args: argparse.Namespace, out: Path) -> float:
    """Run the whole live path on one recording. Returns the seconds it took; exits with what it said if it fails."""
    command = [sys.executable, "-m", "moothall", "replay", str(pair.sound), "--jsonl", str(out)]
    command += ["--language", args.language or ",".join(pair.languages), "--clock", args.clock]
    command += ["--model", args.model] if args.model else []
    command += ["--as-live"] if args.clock == "wall" else []
    # One thread in every library, so that CPU time and the time of one dedicated core are the same.
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    began = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **one}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"moothall replay failed on {pair.name} (exit code {done.returncode}):\n{done.stderr or done.stdout}")
    return time.perf_counter() - began


def score(pair: Pair, scorer: Path, hypothesis: Path) -> dict[str, Any]:
    """What the scorer says of one run."""
    command = [sys.executable, str(scorer), str(pair.reference), str(hypothesis), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The scorer {scorer} failed on {hypothesis}:\n{done.stderr or done.stdout}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def seconds(*path: str) -> Callable[[dict[str, Any]], str]:
    """A column that shows a figure of the scorer with two decimals."""

    def show(result: dict[str, Any]) -> str:
        value: Any = result
        for key in path:
            value = None if value is None else value.get(key)
        return "-" if value is None else f"{value:.2f}"

    return show


COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("words", lambda result: str(result["ref_words"])),
    ("WER %", lambda result: "-" if result["wer"] is None else f"{100 * result['wer']:.1f}"),
    ("commit mean", seconds("commit_latency", "mean")),
    ("p50", seconds("commit_latency", "p50")),
    ("p95", seconds("commit_latency", "p95")),
    ("visible mean", seconds("visible_latency", "mean")),
    ("p95", seconds("visible_latency", "p95")),
    ("erasure", seconds("erasure")),
    ("end lag", seconds("end_lag")),
    ("never shown", lambda result: str(result["never_shown"])),
    ("in silence", lambda result: str(result["silence_words"])),
    ("CPU s / s", seconds("rtf")),
)


def together(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of several recordings that can be added up: counts, and means weighted by their words."""

    def total(key: str) -> Any:
        return sum(result[key] for result in results)

    def mean(latency: str) -> float | None:
        parts = [(result[latency]["n"], result[latency]["mean"]) for result in results if result[latency]["n"]]
        return sum(n * value for n, value in parts) / sum(n for n, _ in parts) if parts else None

    wrong = total("substitutions") + total("deletions") + total("insertions")
    costed = [result for result in results if "rtf" in result]
    audio = sum(result["audio_seconds"] for result in costed)
    return {
        "ref_words": total("ref_words"),
        "wer": wrong / total("ref_words") if total("ref_words") else None,
        "commit_latency": {"mean": mean("commit_latency")},
        "visible_latency": {"mean": mean("visible_latency")},
        "never_shown": total("never_shown"),
        "silence_words": total("silence_words"),
        "rtf": sum(result["cpu_seconds"] for result in costed) / audio if audio else None,
    }


def table(rows: list[tuple[str, dict[str, Any]]]) -> str:
    """The figures as a Markdown table, its columns padded."""
    cells = [["recording", *(name for name, _ in COLUMNS)]]
    cells += [[name, *(show(result) for _, show in COLUMNS)] for name, result in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    rows_padded = [
        [text.rjust(width) if k else text.ljust(width) for k, (text, width) in enumerate(zip(row, widths, strict=True))]
        for row in cells
    ]
    rule = ["-" * width for width in widths]
    return "\n".join("| " + " | ".join(row) + " |" for row in (rows_padded[0], rule, *rows_padded[1:]))


def cpu_model() -> str:
    """The processor as the system names it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def installed(package: str) -> str:
    """A package with its version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} -"


def facts(args: argparse.Namespace) -> list[str]:
    """What somebody else needs to know to repeat the figures."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    clock = {"cpu": "CPU time of one thread plus idle time (--clock cpu)", "wall": "wall clock, as live"}[args.clock]
    return [
        f"model     {args.model or 'the default'}, {COMPUTE_TYPE}, one thread",
        f"clock     {clock}",
        f"machine   {cpu_model()}, {os.cpu_count()} cores, load {load:.1f} at the start",
        f"versions  Python {platform.python_version()}, " + ", ".join(installed(package) for package in PACKAGES),
    ]


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
    args = parser.parse_args()
    if not args.scorer.is_file():
        sys.exit(f"There is no scorer at {args.scorer}: name one with --scorer (score_stream.py; see bench/README.md).")
    pairs = pairs_in(args.folder, args.only)
    about = facts(args)
    rows = []
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        out = args.keep or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        for pair in pairs:
            hypothesis = out / f"{pair.name}.hypothesis.jsonl"
            hypothesis.unlink(missing_ok=True)
            print(f"{pair.name} ({', '.join(pair.languages)}) ...", end=" ", file=sys.stderr, flush=True)
            took = replay(pair, args, hypothesis)
            print(f"{took:.0f} s", file=sys.stderr, flush=True)
            result = score(pair, args.scorer, hypothesis)
            (out / f"{pair.name}.score.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            rows.append((pair.name, result))
    if len(rows) > 1:
        rows.append(("together", together([result for _, result in rows])))
    print(table(rows), *about, sep="\n")


if __name__ == "__main__":
    main()
