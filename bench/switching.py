#!/usr/bin/env python3
"""Measure sessions in several languages: errors by language and by kind, when words are final and in the record.

    OMP_NUM_THREADS=1 python bench/switching.py FOLDER --cache CACHE [--only NAME] [--by-language] [--price 0.41]

FOLDER holds pairs as for speech.py. The policy alone hears each recording, as in folds.py, with the languages of its
reference; `--by-language` makes a recording of each language, so that nothing else is expected. Beside it stands what
the same model makes of the whole recording, or, of one in several languages, of each utterance in its language, which
is an oracle (offline.py).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from attributing import Fault, Heard, Reference, load_scorer
from folds import Run, add_common, read_arguments, run_all
from recordings import Pair, by_language, pairs_in
from scoring import figure, machine, markdown

WAYS = ("first final", "record", "offline")
KINDS = (
    *("utterance missing", "in another language", "first words missing", "last words missing", "other words missing"),
    *("misheard", "added"),
)
HEAD = (
    *("language", "words", *(f"{way}, wrong" for way in WAYS), *(f"{way} %" for way in WAYS)),
    *("stable mean", "p95", "visible mean", "erasure", "CPU s / s", "language %"),
)


def languages_of(ref: Reference) -> list[str]:
    """Return the language of each utterance."""
    return [str(line.get("lang", "en")) for line in ref.lines]


def kinds_of(ref: Reference, heard: Heard) -> Counter[str]:
    """Count the errors of each kind; each error is of the first kind that fits."""
    spans: dict[int, tuple[int, int]] = {}
    lost = {fault.ref for fault in heard.faults}
    for index, owner in enumerate(ref.owners):
        if index not in lost:
            spans[owner] = (spans.get(owner, (index, index))[0], index)
    languages = languages_of(ref)
    return Counter(
        _kind(fault, heard, languages[fault.utterance], spans.get(fault.utterance)) for fault in heard.faults
    )


def _kind(fault: Fault, heard: Heard, language: str, span: tuple[int, int] | None) -> str:
    """Return the kind of an error; `span`: the first and the last word of its utterance that were heard."""
    if fault.hyp is not None and heard.tokens[fault.hyp].language != language:
        return "in another language"
    if fault.ref is None:
        return "added"
    if fault.hyp is not None:
        return "misheard"
    if span is None:
        return "utterance missing"
    if fault.ref < span[0]:
        return "first words missing"
    return "last words missing" if fault.ref > span[1] else "other words missing"


def rows(runs: Sequence[Run]) -> list[list[str]]:
    """Return a row for each language of each recording, and one for the whole recording."""
    found = []
    for run in runs:
        languages = languages_of(run.ref)
        words, wrong = Counter(languages[owner] for owner in run.ref.owners), [Counter[str]() for _ in WAYS]
        for counted, heard in zip(wrong, (run.first, run.record, run.whole), strict=True):
            counted.update(languages[fault.utterance] for fault in heard.faults)
        found += [
            [language, *_errors(words[language], [each[language] for each in wrong]), *[""] * 6]
            for language in (words if len(words) > 1 else ())
        ]
        figures = [figure("commit_latency", part)(run.figures) for part in ("mean", "p95")]
        figures += [figure("visible_latency", "mean")(run.figures), f"{run.figures['erasure']:.2f}"]
        figures += [f"{run.figures['cpu_seconds'] / run.figures['audio_seconds']:.3f}"]
        figures += [f"{100 * run.figures.get('lang_accuracy', 1):.1f}"]
        found.append([run.name, *_errors(words.total(), [each.total() for each in wrong]), *figures])
    return found


def _errors(words: int, wrong: Sequence[int]) -> list[str]:
    return [str(words), *map(str, wrong), *(f"{100 * each / max(1, words):.1f}" for each in wrong)]


def kinds_table(runs: Sequence[Run]) -> str:
    """Return the table of errors by kind, of all recordings together."""
    ways = [
        [kinds_of(run.ref, run.first) for run in runs],
        [kinds_of(run.ref, run.record) for run in runs],
        [kinds_of(run.ref, run.whole) for run in runs],
    ]
    return markdown(
        ("kind of error", *WAYS),
        [[kind, *(str(sum(each[kind] for each in way)) for way in ways)] for kind in KINDS],
    )


def main() -> None:
    """Hear, score, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common(parser)
    parser.add_argument("--by-language", action="store_true", help="a recording of each language")
    args = read_arguments(parser)
    about, scorer = machine(), load_scorer(args.scorer)
    pairs: list[Pair] = []
    for pair in pairs_in(args.folder, args.only):
        pairs += by_language(pair, args.cache) if args.by_language else [pair]
    runs = run_all(pairs, args, args.cache, scorer)
    print(markdown(HEAD, rows(runs)), "", kinds_table(runs), "", *about, sep="\n")


if __name__ == "__main__":
    main()
