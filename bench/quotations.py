"""How many altered quotations pass the check of quotations, and how many right ones are refused.

    .venv/bin/python bench/quotations.py                                  # the texts of the tests, five other seeds
    .venv/bin/python bench/quotations.py ../shared/speech                 # and the references of a folder of recordings
    .venv/bin/python bench/quotations.py ../shared/speech --many 500

A folder holds references as those of `bench/speech.py`: NAME.jsonl, one object an utterance with `text`, `lang` and
`speaker`. The lines of one language of a file are a session; behind them stand the tests' sentences with numbers and
denials. Nothing of the folder is printed. The last column counts quotations that begin and end at any word: of these
the check refuses those beside a word that denies, though each of their words was said.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

# The generator is a part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "models", "tests"))

from moothall.core.kernel.ids import SpeakerId
from moothall.core.reports.normal_words import normal_words
from moothall.core.reports.numbers import numbered
from moothall.core.reports.quoting import QuotableRecord, QuotationClaim, QuotationVerdict
from scoring import cpu_model
from support.reports.quotations import (
    LANGUAGES,
    SpokenSession,
    altered_quotations,
    right_quotations,
    session_of,
    sessions,
)

SEEDS = range(2, 7)


def references(folder: Path) -> Iterator[SpokenSession]:
    for path in sorted(folder.glob("*.jsonl")):
        by_language: dict[str, list[dict[str, str]]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            utterance = json.loads(line)
            by_language.setdefault(utterance["lang"], []).append(utterance)
        for language, said in by_language.items():
            if language in LANGUAGES and len({each["speaker"] for each in said}) > 1:
                texts, speakers = [each["text"] for each in said], [SpeakerId(each["speaker"]) for each in said]
                yield session_of(f"{path.stem} {language}", language, texts, speakers)


def cuts(many: int, spoken: Sequence[SpokenSession], seed: int) -> Iterator[tuple[SpokenSession, QuotationClaim]]:
    """Words of a line from any to any other, but none within a number."""
    chance = random.Random(seed)  # the same in each run  # noqa: S311
    while many:
        session = chance.choice(spoken)
        line = chance.choice(session.lines)
        words = numbered(normal_words(line.text, line.language), line.text, line.language)
        if len(words) < 4:
            continue
        first = chance.randrange(len(words) - 3)
        last = chance.randrange(first + 3, len(words))
        text = line.text[words[first].start : words[last].end]
        yield session, QuotationClaim(text=text, first=line.segment, last=line.segment, speaker=line.speaker)
        many -= 1


def measure(name: str, spoken: Sequence[SpokenSession], many: int, seed: int) -> None:
    records = {session.name: QuotableRecord(session.lines) for session in spoken}
    altered = list(altered_quotations(many, spoken, seed))
    right = list(right_quotations(many, spoken, seed))
    began = time.process_time()
    passed = Counter(each.kind for each in altered if records[each.session.name].check(each.claim).passes)
    refused = Counter(each.kind for each in right if not records[each.session.name].check(each.claim).passes)
    took = (time.process_time() - began) / (2 * many)
    verdicts = Counter(records[session.name].check(claim).verdict for session, claim in cuts(many, spoken, seed))
    beside = verdicts.pop(QuotationVerdict.NEGATION_LEFT_OUT, 0)
    other = sum(n for verdict, n in verdicts.items() if verdict not in {"exact", "loose"})
    wrong = [f"{sum(each.values())} of {many} {dict(each) or ''}".strip() for each in (passed, refused)]
    cells = (name, seed, *wrong, f"{beside} + {other} of {many}", f"{took * 1e3:.2f}")
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="a folder with references: NAME.jsonl")
    parser.add_argument("--many", type=int, default=2_000, help="quotations of each kind (default: %(default)s)")
    arguments = parser.parse_args()
    print(f"{cpu_model()}, Python {platform.python_version()}\n")
    print("| texts | seed | altered, pass | right, refused | cut anywhere, refused: denial + other | ms each |")
    print("|---|--:|--:|--:|--:|--:|")
    for seed in SEEDS:
        measure("the tests'", sessions(), arguments.many, seed)
    if arguments.folder is not None:
        spoken = list(references(arguments.folder))
        if not spoken:
            known = ", ".join(LANGUAGES)
            sys.exit(f"{arguments.folder} holds no reference (NAME.jsonl) of two speakers in one language of {known}.")
        measure(f"{len(spoken)} references", spoken, arguments.many, 1)


if __name__ == "__main__":
    main()
