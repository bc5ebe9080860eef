#!/usr/bin/env python3
"""Latency as papers on simultaneous translation give it: StreamLAAL, and by OmniSTEval LongYAAL and LongLAAL.

    python bench/longform.py FOLDER --heard RUN [--only NAME] [--omnisteval PROGRAM] [--scorer score_stream.py]

FOLDER holds pairs as for speech.py, in languages that are written with spaces. RUN holds what readers received of them,
NAME.hypothesis.jsonl, as speech.py and folds.py keep it. These measures compare when a word was final with an even pace
through its utterance, not with the word's own end. OmniSTEval isn't needed by the project: bench/README.md says where
its program comes from; without it StreamLAAL alone is printed.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from attributing import Reference, Token, align, load_scorer
from recordings import Pair, pairs_in, utterances
from scoring import SCORER, markdown

BY_CHARACTERS = ("zh", "ja")
"""Languages that are written without spaces; the measures would need other units."""
MEASURES = ("LongYAAL", "LongLAAL")
"""What is read from OmniSTEval's report."""


class Emitted(NamedTuple):
    """A word of the text, and when it was final."""

    text: str
    at: float
    """Seconds on the clock of the audio, computing included."""
    t: float
    """Seconds: the middle of its span in the audio."""


def emitted(scorer: Any, events: Iterable[dict[str, Any]], *, corrected: bool) -> list[Emitted]:
    """Return the words of a text as it was first final, or, `corrected`, as it is in the record.

    A word that a correction brought is final since then; one that it left as it was keeps its time.
    """
    segments: dict[str, list[Emitted]] = {}
    for event in events:
        if event["kind"] not in ("commit", "correct"):
            continue
        words = [Emitted(word["word"], word["at"], word["t"]) for word in scorer.committed_words(event, event["lang"])]
        told = segments.setdefault(event["segment"], [])
        if event["kind"] == "commit":
            told += words
        elif corrected:
            segments[event["segment"]] = _corrected(told, words)
    return [word for told in segments.values() for word in told]


def _corrected(before: Sequence[Emitted], after: Sequence[Emitted]) -> list[Emitted]:
    same = difflib.SequenceMatcher(None, [plain(w.text) for w in before], [plain(w.text) for w in after], False)
    words = list(after)
    for i, j, size in same.get_matching_blocks():
        words[j : j + size] = [after[j + k]._replace(at=before[i + k].at) for k in range(size)]
    return words


def plain(word: str) -> str:
    """Return a word without case and punctuation."""
    return re.sub(r"[^\w]", "", word.casefold())


def spoken(lines: Sequence[dict[str, Any]]) -> list[list[Emitted]]:
    """Return the words of each utterance as if each were final at its end; without word times at an even pace."""
    return [[Emitted(word, end, (start + end) / 2) for word, start, end in _timed(line)] for line in lines]


def _timed(line: dict[str, Any]) -> list[tuple[str, float, float]]:
    words = line["text"].split()
    step = (line["end"] - line["start"]) / max(1, len(words))
    even = [(word, line["start"] + n * step, line["start"] + (n + 1) * step) for n, word in enumerate(words)]
    return [(word, start, end) for word, start, end in line.get("words", even)]


def by_utterance(lines: Sequence[dict[str, Any]], words: Sequence[Emitted]) -> list[list[Emitted]]:
    """Divide a text at the utterances of its reference, so that the fewest words are wrong.

    A word that nobody said goes with the word before it.
    """
    said = [(number, word) for number, line in enumerate(spoken(lines)) for word in line]
    ref = Reference(list(lines), [plain(w.text) for _, w in said], [n for n, _ in said], [w.t for _, w in said])
    divided: list[list[Emitted]] = [[] for _ in lines]
    number = 0
    for index, other in align(ref, [Token(plain(word.text), word.t, "") for word in words]):
        number = number if index is None else ref.owners[index]
        if other is not None:
            divided[number].append(words[other])
    return divided


def laal(delays: Sequence[float], length: float, words: int) -> float:
    """Return the Length-Adaptive Average Lagging of an utterance, seconds.

    Papi et al., Over-Generation Cannot Be Rewarded, AutoSimTrans 2022; Polák et al., IWSLT 2022: the mean over the
    words, up to the first one that came after the utterance's end, of how long after an even pace each came. `delays`:
    seconds from the utterance's start to each word, one at least; `length`: its seconds; `words`: of the reference.
    """
    if delays[0] > length:
        return delays[0]
    pace = length / max(len(delays), words)
    counted = next((number for number, delay in enumerate(delays, 1) if delay >= length), len(delays))
    return sum(delay - number * pace for number, delay in enumerate(delays[:counted])) / counted


def stream_laal(lines: Sequence[dict[str, Any]], divided: Sequence[Sequence[Emitted]]) -> float:
    """Return the mean of LAAL over the utterances that have words (Papi et al., StreamAtt, ACL 2024), seconds."""
    each = [
        laal([word.at - line["start"] for word in words], line["end"] - line["start"], len(line["text"].split()))
        for line, words in zip(lines, divided, strict=True)
        if words
    ]
    return sum(each) / len(each)


def write_log(name: str, lines: Sequence[dict[str, Any]], words: Sequence[Emitted], out: Path) -> list[str]:
    """Write what OmniSTEval reads into a folder, and return the options that name it.

    All times are those at which a reader had the word, so they are its *computation-aware* ones.
    """
    spans = [{"wav": f"{name}.wav", "offset": line["start"], "duration": line["end"] - line["start"]} for line in lines]
    heard = {
        "source": f"{name}.wav",
        "prediction": " ".join(word.text for word in words),
        "elapsed": [round(word.at * 1000, 1) for word in words],
    }
    files = {
        "speech_segmentation": ("segments.json", json.dumps(spans)),
        "ref_sentences_file": ("reference.txt", "".join(" ".join(line["text"].split()) + "\n" for line in lines)),
        "hypothesis_file": ("heard.jsonl", json.dumps(heard, ensure_ascii=False) + "\n"),
    }
    for file, text in files.values():
        (out / file).write_text(text, encoding="utf-8")
    return [part for option, (file, _) in files.items() for part in (f"--{option}", str(out / file))]


def measures(report: str) -> list[float]:
    """Return `MEASURES`, in seconds, from a report of OmniSTEval. Raises ValueError when one is missing."""
    found = dict(re.findall(r"^\s*(Long\w+) \(CA\)\s+(-?[\d.]+)\s*$", report, re.MULTILINE))
    if not found.keys() >= set(MEASURES):
        msg = f"OmniSTEval's report lacks one of {', '.join(MEASURES)}: use the version that bench/README.md names."
        raise ValueError(msg)
    return [float(found[name]) / 1000 for name in MEASURES]


def by_omnisteval(program: str, name: str, lines: Sequence[dict[str, Any]], words: Sequence[Emitted]) -> list[str]:
    """Return the figures of OmniSTEval for a text; exits with its output when it fails."""
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as out:
        options = write_log(name, lines, words, Path(out))
        command = [program, "longform", *options, "--word_level", "--no_quality"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{program} failed on {name}:\n{done.stderr or done.stdout}")
    return [f"{value:.2f}" for value in measures(done.stdout)]


def rows(pair: Pair, events: Sequence[dict[str, Any]], scorer: Any, program: str | None) -> list[list[str]]:
    """Return the rows of a recording: its words at their ends, as they were first final, and of the record."""
    lines = utterances(pair.reference)
    texts = {
        "each word at its end": [word for line in spoken(lines) for word in line],
        "first final": emitted(scorer, events, corrected=False),
        "record": emitted(scorer, events, corrected=True),
    }
    table = []
    for text, words in texts.items():
        own = f"{stream_laal(lines, by_utterance(lines, words)):.2f}"
        others = by_omnisteval(program, pair.name, lines, words) if program else []
        table.append([pair.name, text, str(len(words)), own, *others])
    return table


def main() -> None:
    """Read what was heard, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the pairs")
    parser.add_argument("--heard", type=Path, required=True, metavar="RUN", help="folder of NAME.hypothesis.jsonl")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--omnisteval", metavar="PROGRAM", help="the program omnisteval; left out, StreamLAAL alone")
    parser.add_argument("--scorer", type=Path, default=SCORER, help="score_stream.py, whose rules for words are used")
    args = parser.parse_args()
    if not args.scorer.is_file():
        sys.exit(f"There is no scorer at {args.scorer}: name one with --scorer (score_stream.py; see bench/README.md).")
    scorer, table = load_scorer(args.scorer), []
    for pair in pairs_in(args.folder, args.only):
        heard = args.heard / f"{pair.name}.hypothesis.jsonl"
        if not heard.is_file():
            print(f"{pair.name} is left out: {args.heard} has nothing of it.", file=sys.stderr)
        elif set(pair.languages) & set(BY_CHARACTERS):
            print(f"{pair.name} is left out: it has a language without spaces between words.", file=sys.stderr)
        else:
            table += rows(pair, scorer.load_events(heard)[0], scorer, args.omnisteval)
    print(markdown(("recording", "text", "words", "StreamLAAL", *(MEASURES if args.omnisteval else ())), table))


if __name__ == "__main__":
    main()
