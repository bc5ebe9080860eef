"""Scores of runs, sums over several runs, and tables of them."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from recordings import ROOT

SCORER = ROOT.parent / "shared" / "bench" / "score_stream.py"
PACKAGES = ("moothall", "faster-whisper", "ctranslate2", "onnxruntime", "av", "numpy", "jiwer", "whisper-normalizer")

Result = dict[str, Any]
Column = tuple[str, Callable[[Result], str]]


def score(reference: Path, scorer: Path, hypothesis: Path) -> Result:
    """Return the scorer's result for one run; `_commit` and `_visible` hold the seconds of each
    word, if it reports them.

    Exits with the scorer's output when it fails.
    """
    words = hypothesis.with_suffix(".words")
    command = [sys.executable, str(scorer), str(reference), str(hypothesis), "--quiet", "--words", str(words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The scorer {scorer} failed on {hypothesis}:\n{done.stderr or done.stdout}")
    result: Result = json.loads(done.stdout)
    if words.is_file():
        rows = [json.loads(line) for line in words.read_text(encoding="utf-8").splitlines()]
        words.unlink()
        # Only words that are right have a latency. If their number differs from the scorer's, its rows mean something
        # else.
        right = [row for row in rows if row["ref"] is not None and row.get("hyp") == row["ref"]]
        if len(right) == result.get("latency_words"):
            result["_commit"] = [row["commit_at"] - row["end"] for row in right]
            result["_visible"] = [row["visible_at"] - row["end"] for row in right]
    return result


def wrong_words(result: Result) -> int:
    """Return the number of words replaced, missing and added."""
    return int(result["substitutions"] + result["deletions"] + result["insertions"])


def latency(values: Sequence[float]) -> dict[str, float | int | None]:
    """Return the mean and the nearest-rank percentiles, computed as the scorer does."""
    if not values:
        return {"n": 0, "mean": None, "p50": None, "p95": None}
    ranked = sorted(values)
    rank = {f"p{p}": ranked[max(0, math.ceil(p / 100 * len(ranked)) - 1)] for p in (50, 95)}
    return {"n": len(ranked), "mean": sum(ranked) / len(ranked), **rank}


def together(results: Sequence[Result]) -> Result:
    """Return the figures of several recordings as of one.

    Counts are added, latencies are those of all words, the end lag is the longest; erasure and languages are weighted
    by words. If the scorer doesn't report each word's latency there are means, weighted by words, and no percentiles.
    """

    def total(key: str) -> Any:
        return sum(result[key] for result in results)

    def latencies(key: str) -> dict[str, float | int | None]:
        if all(f"_{key}" in result for result in results):
            return latency([value for result in results for value in result[f"_{key}"]])
        own = [result[f"{key}_latency"] for result in results if result[f"{key}_latency"]["n"]]
        return {"mean": sum(part["n"] * part["mean"] for part in own) / sum(part["n"] for part in own) if own else None}

    def weighted(key: str) -> float | None:
        parts = [(result["hyp_words"], result[key]) for result in results if result.get(key) is not None]
        words = sum(n for n, _ in parts)
        return sum(n * value for n, value in parts) / words if words else None

    costed = [result for result in results if "rtf" in result]
    audio = sum(result["audio_seconds"] for result in costed)
    lags = [result["end_lag"] for result in results if result["end_lag"] is not None]
    counted = ("ref_words", "hyp_words", "substitutions", "deletions", "insertions")
    told = ("never_shown", "silence_words", "corrected_words")
    summed = {key: total(key) for key in (*counted, *told)}
    return {
        **summed,
        "wer": wrong_words(summed) / summed["ref_words"] if summed["ref_words"] else None,
        "commit_latency": latencies("commit"),
        "visible_latency": latencies("visible"),
        "erasure": weighted("erasure"),
        "lang_accuracy": weighted("lang_accuracy"),
        "end_lag": max(lags, default=None),
        "rtf": sum(result["cpu_seconds"] for result in costed) / audio if audio else None,
        "oracle": any(result.get("oracle") for result in results),
        **({"offline": together([result["offline"] for result in results])} if "offline" in results[0] else {}),
    }


def figure(*path: str, digits: int = 2, scale: float = 1.0) -> Callable[[Result], str]:
    """Return a column that shows a figure of the scorer, or a dash if it is missing."""

    def show(result: Result) -> str:
        value: Any = result
        for key in path:
            value = None if value is None else value.get(key)
        return "-" if value is None else f"{scale * value:.{digits}f}"

    return show


COLUMNS: tuple[Column, ...] = (
    ("words", figure("ref_words", digits=0)),
    ("WER %", figure("wer", digits=1, scale=100)),
    ("commit mean", figure("commit_latency", "mean")),
    ("p50", figure("commit_latency", "p50")),
    ("p95", figure("commit_latency", "p95")),
    ("visible mean", figure("visible_latency", "mean")),
    ("p95", figure("visible_latency", "p95")),
    ("erasure", figure("erasure")),
    ("end lag", figure("end_lag")),
    ("never shown", figure("never_shown", digits=0)),
    ("in silence", figure("silence_words", digits=0)),
    ("corrected", figure("corrected_words", digits=0)),
    ("language %", figure("lang_accuracy", digits=0, scale=100)),
    ("CPU s / s", figure("rtf", digits=3)),
)


def offline_errors(result: Result) -> str:
    """Show the offline error rate, and whether it is an oracle's, which was told the language of each utterance."""
    return figure("offline", "wer", digits=1, scale=100)(result) + (
        " (oracle)" if result["offline"].get("oracle") else ""
    )


OFFLINE: tuple[Column, ...] = (
    ("offline WER %", offline_errors),
    ("offline CPU s / s", figure("offline", "rtf", digits=3)),
)


def table(rows: Sequence[tuple[str, Result]], columns: Sequence[Column] = COLUMNS) -> str:
    """Return the figures as a Markdown table with padded columns."""
    return markdown(
        ("recording", *(name for name, _ in columns)),
        [(name, *(show(row) for _, show in columns)) for name, row in rows],
    )


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with padded columns: the first aligned left, the others right."""
    cells = [head, *rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    padded = [
        [text.rjust(width) if k else text.ljust(width) for k, (text, width) in enumerate(zip(row, widths, strict=True))]
        for row in cells
    ]
    rule = ["-" * (width - 1) + (":" if k else "-") for k, width in enumerate(widths)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (padded[0], rule, *padded[1:]))


def cpu_model() -> str:
    """Return the processor's name, as the system reports it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def installed(package: str) -> str:
    """Return a package's name and version, or a dash for the version if it isn't installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} -"


def machine() -> list[str]:
    """Return the facts about the machine that are needed to repeat the figures."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return [
        f"machine   {cpu_model()}, {os.cpu_count()} cores, load {load:.1f} at the start",
        f"versions  Python {platform.python_version()}, " + ", ".join(installed(package) for package in PACKAGES),
    ]
