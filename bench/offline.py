#!/usr/bin/env python3
"""Recognise a set with the whole recording at hand: the comparison for live text.

    python bench/offline.py FOLDER [--only NAME] [--model whisper-base] [--scorer score_stream.py] [--keep FOLDER]

faster-whisper on one thread, int8, beam 5, its voice activity filter on, all other options at their defaults. A
recording in one language is recognised whole. A recording in several languages is recognised utterance by utterance, as
the reference cuts it, each in its language: with a wrong language, or with its own guess for each half minute, Whisper
translates. That is an oracle, and no rival of live text: nobody tells a meeting who will speak which language when.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moothall_models.ports import RATE, Samples
from moothall_models.store.where import open_store
from recordings import SAMPLE, Pair, load, pairs_in, utterances
from scoring import SCORER, Column, Result, figure, machine, score, table, together

MODEL = "whisper-base"
BEAM = 5
MARGIN = 0.2
"""Seconds of pause that are recognised with an utterance, at each end."""

COLUMNS: tuple[Column, ...] = (
    ("words", figure("ref_words", digits=0)),
    ("WER %", figure("wer", digits=1, scale=100)),
    ("replaced", figure("substitutions", digits=0)),
    ("missing", figure("deletions", digits=0)),
    ("added", figure("insertions", digits=0)),
    ("CPU s / s", figure("rtf", digits=3)),
)


def load_model(name: str) -> Any:
    """Load a model of the store into faster-whisper."""
    from faster_whisper import WhisperModel

    return WhisperModel(str(open_store().path(name)), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)


def parts(pair: Pair, samples: Samples) -> Iterator[tuple[float, Samples, str]]:
    """Yield the parts that are recognised separately: the start (seconds), the sound, the language."""
    if len(pair.languages) == 1:
        yield 0.0, samples, pair.languages[0]
        return
    for line in utterances(pair.reference):
        begin = max(0.0, line["start"] - MARGIN)
        yield begin, samples[round(begin * RATE) : round((line["end"] + MARGIN) * RATE)], line.get("lang", "en")


def recognise(pair: Pair, model: Any, out: Path) -> None:
    """Write the recognised text in the form that the scorer reads; all of it is dated after the end."""
    samples = load(pair.sound)
    seconds = len(samples) / RATE
    lines: list[dict[str, Any]] = []
    began = time.process_time()
    for begin, sound, language in parts(pair, samples):
        segments, _ = model.transcribe(sound, language=language.split("-")[0], beam_size=BEAM, vad_filter=True)
        for segment in segments:
            span = {"t0": round(begin + segment.start, 3), "t1": round(begin + segment.end, 3)}
            event = {"at": seconds, "kind": "commit", "segment": f"{len(lines):04}", **span}
            lines.append({**event, "text": segment.text.strip(), "lang": language})
    used = time.process_time() - began
    lines.append({"kind": "usage", "cpu_seconds": round(used, 2), "audio_seconds": round(seconds, 2)})
    out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def measure(pair: Pair, model: Any, scorer: Path, out: Path) -> Result:
    """Recognise one pair and score it; `NAME.offline.jsonl` and `.score.json` stay in the folder `out`."""
    hypothesis = out / f"{pair.name}.offline.jsonl"
    recognise(pair, model, hypothesis)
    result = {**score(pair.reference, scorer, hypothesis), "oracle": len(pair.languages) > 1}
    kept = {key: value for key, value in result.items() if not key.startswith("_")}
    (out / f"{pair.name}.offline.score.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE, help="the pairs; left out, the sample session")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--model", default=MODEL, help="recogniser; see moothall models list")
    parser.add_argument("--scorer", type=Path, default=SCORER, help="program that scores: REFERENCE HYPOTHESIS --quiet")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what was heard, and the scores, here")
    args = parser.parse_args()
    if not args.scorer.is_file():
        sys.exit(f"There is no scorer at {args.scorer}: name one with --scorer (score_stream.py; see bench/README.md).")
    pairs, about = pairs_in(args.folder, args.only), machine()
    model = load_model(args.model)
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        out = args.keep or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        rows = [(pair.name, measure(pair, model, args.scorer, out)) for pair in pairs]
    if len(rows) > 1:
        rows.append(("together", together([result for _, result in rows])))
    print(table(rows, COLUMNS), f"model     {args.model}, int8, one thread, beam {BEAM}, offline", *about, sep="\n")


if __name__ == "__main__":
    main()
