#!/usr/bin/env python3
"""Measure the installed translators: chrF2 and time, for each direction and for the routes through several.

    python bench/translation.py [FOLDER] [--pair ar-fr] [--lines N] [--keep FOLDER] [--bare]

Lines are translated as those of a session are: with the processing around the engines, formulas and typography
included, which must not make them worse. `--bare` leaves that out.

FOLDER holds one text in several languages, a sentence a line, as NAME.LANGUAGE.txt, with LANGUAGE a tag of two letters
(ar, zh-Hant), or as in NTREX-128: eng, por-BR, spa, spa-MX, fra, ara, zho-CN, rus. If a language has several files, the
file with the shortest name is translated, and each file is a reference. Ends with 1 when a figure is below the bar.
Without FOLDER the test sentences of Moothall are taken, which are in seven languages.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from moothall.app.translation import phrases
from moothall.core.translation.phrases import Phrase
from moothall.core.translation.routes import Direction, Route
from moothall.core.translation.wording import WordingRules, finished, prepared, wording
from moothall_models.store.translators import find_translators
from moothall_models.translators.chrf import chrf2
from moothall_models.translators.port import Translator
from moothall_models.translators.scored_ways import ways_between
from moothall_models.translators.sentence_set import read_sentences
from scoring import machine, markdown

TAGS = {"ara": "ar", "eng": "en", "fra": "fr", "por": "pt", "rus": "ru", "spa": "es", "zho": "zh"}
"""Language tags of the languages in the files' names, without region; names of two letters are tags themselves."""
BAR = {("en", ("pt",), "por-BR"): 58.0, ("en", ("pt", "es"), "spa"): 54.0}
"""The least score that a route must reach against a reference: source, the languages it passes through, reference."""


class Text(NamedTuple):
    """The lines of one file."""

    name: str
    language: str
    lines: list[str]


class Figures(NamedTuple):
    """The figures of a route against a reference."""

    route: Route
    reference: str
    score: float
    median_ms: float
    p95_ms: float

    @property
    def way(self) -> tuple[str, ...]:
        """The languages to which the route leads, in order."""
        return tuple(hop.target for hop in self.route.hops)

    @property
    def below(self) -> float | None:
        """The bar that the score misses; None if it misses none."""
        bar = BAR.get((self.route.hops[0].source, self.way, self.reference))
        return bar if bar is not None and self.score < bar else None


def texts_in(folder: Path, most: int | None = None) -> list[Text]:
    """Return the files of known languages, shorter names first. Exits with a sentence if they don't belong together."""
    found = []
    for path in sorted(folder.glob("*.*.txt"), key=lambda path: (len(path.name), path.name)):
        name = path.name.split(".")[-2]
        language = name.split("-")[0]
        if len(language) == 2 or language in TAGS:
            found.append(Text(name, TAGS.get(language, language), path.read_text("utf-8").splitlines()[:most]))
    if len({text.language for text in found}) < 2:
        sys.exit(f"{folder} has no text in two languages: NAME.eng.txt, NAME.por-BR.txt, ... are looked for.")
    if len({len(text.lines) for text in found}) > 1:
        sys.exit(f"The files in {folder} don't have the same number of lines, so they can't be compared.")
    return found


def own_texts(most: int | None = None) -> list[Text]:
    """Return the test sentences of Moothall."""
    given = read_sentences()
    return [Text(each, each, [sentence[each] for sentence in given.sentences][:most]) for each in given.languages]


def pairs(named: Sequence[str]) -> set[tuple[str, str]]:
    """Return the pairs of languages that were named, such as `ar-fr`. Exits with a sentence where one isn't."""
    found = {tuple(each.split("-")) for each in named}
    if wrong := sorted("-".join(each) for each in found if len(each) != 2):
        sys.exit(f"{wrong[0]} is no pair of languages, such as ar-fr.")
    return {(source, target) for source, target in found}


def run(
    route: Route, lines: Sequence[str], translators: Sequence[Translator], formulas: Sequence[Phrase] | None
) -> tuple[list[str], list[float]]:
    """Return the translations, line by line as captions arrive, and the milliseconds of each."""
    engines = {each: translator for translator in translators for each in translator.directions}
    for hop in route.hops:  # load the models
        engines[hop].translate(lines[:1], hop)
    words = None if formulas is None else wording(formulas, {}, route.hops[0].source, route.hops[-1].target)
    translated, took = [], []
    for line in lines:
        began = time.perf_counter()
        translated.append(_through(route, line, engines) if words is None else _worded(route, line, engines, words))
        took.append(1000 * (time.perf_counter() - began))
    return translated, took


def _through(route: Route, text: str, engines: Mapping[Direction, Translator]) -> str:
    for hop in route.hops:
        [text] = engines[hop].translate([text], hop)
    return text


def _worded(route: Route, line: str, engines: Mapping[Direction, Translator], words: WordingRules) -> str:
    source, target = route.hops[0].source, route.hops[-1].target
    given = prepared(line, source, words)
    for each in (given, given.unprotected):
        done = finished([_through(route, text, engines) for text in each.texts], each, target)
        if done is not None:
            return done
    return ""


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile (nearest rank)."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]


def table(rows: Sequence[Figures]) -> str:
    """Return a Markdown table, the best route against each reference first."""
    head = ("way", "engines", "against", "chrF2", "median ms", "p95 ms")
    ordered = sorted(rows, key=lambda row: (row.route.hops[0].source, row.reference, -row.score))
    return markdown(
        head,
        [
            (
                " > ".join((row.route.hops[0].source, *row.way)),
                ", ".join(hop.engine for hop in row.route.hops),
                row.reference,
                f"{row.score:.1f}",
                f"{row.median_ms:.1f}",
                f"{row.p95_ms:.1f}",
            )
            for row in ordered
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--pair", action="append", default=[], help="only these languages, as ar-fr; by default all")
    parser.add_argument("--lines", type=int, help="only the first N lines")
    parser.add_argument("--keep", type=Path, help="folder for the translations, one file a way")
    parser.add_argument("--bare", action="store_true", help="the engines alone")
    arguments = parser.parse_args()
    wanted = pairs(arguments.pair)
    texts = texts_in(arguments.folder, arguments.lines) if arguments.folder else own_texts(arguments.lines)
    print("\n".join(machine()))
    translators = find_translators()
    for translator in translators:
        if translator.missing is not None:
            print(translator.missing)
        translator.check()
    directions = [each for translator in translators for each in translator.directions]
    rows: list[Figures] = []
    for route in ways_between(directions, {text.language for text in texts}):
        if wanted and (route.hops[0].source, route.hops[-1].target) not in wanted:
            continue
        source = next(text for text in texts if text.language == route.hops[0].source)
        translated, took = run(route, source.lines, translators, None if arguments.bare else phrases(""))
        way = "-".join((source.language, *(hop.target for hop in route.hops)))
        print(f"{way}: {route.name}", flush=True)
        if arguments.keep is not None:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            name = f"{way}.{route.hops[-1].engine}.txt"
            (arguments.keep / name).write_text("\n".join(translated) + "\n", "utf-8")
        rows += [
            Figures(route, text.name, chrf2(translated, text.lines), statistics.median(took), p95(took))
            for text in texts
            if text.language == route.hops[-1].target
        ]
    for translator in translators:
        translator.close()
    words = statistics.median(len(line.split()) for line in texts[0].lines)
    print(f"\n{len(texts[0].lines)} lines, half of them of {words:g} words or less in {texts[0].name}\n\n{table(rows)}")
    missed = [
        f"{' > '.join(row.way)} against {row.reference}: {row.score:.1f}" for row in rows if row.below is not None
    ]
    if missed:
        sys.exit("Below the bar: " + "; ".join(missed))


if __name__ == "__main__":
    main()
