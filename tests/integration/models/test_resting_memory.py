"""What a model of translation had is the system's again once nobody uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.models.firefox_registry import served, weights

FETCHED = """
import sys
from pathlib import Path
from moothall_models.store.firefox_models import FirefoxStore, fetch_registry
from moothall_models.translators.firefox import FirefoxTranslator

registry, store = fetch_registry(sys.argv[1]), FirefoxStore(Path(sys.argv[2]), lambda _: None)
models = [store.fetch(registry, registry.choose(*pair)) for pair in registry.directions]
translator = FirefoxTranslator(models)
"""
INSTALLED = """
from moothall_models.translators.bergamot import BergamotTranslator

translator = BergamotTranslator()
assert translator.missing is None
"""
MEASURES = """
from pathlib import Path
from moothall_models.translator_process import give_back_memory

def memory():
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))

give_back_memory()
print(memory())
for direction in translator.directions:
    translator.translate(["The meeting is open."], direction)
print(memory())
for direction in translator.directions:
    translator.rest(direction)
give_back_memory()
print(memory())
"""


pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's figures of memory")


def measured(translator: str, *arguments: str) -> tuple[int, int, int]:
    """KB of a program with a translator: before it is used, with both directions loaded, after they rest."""
    command = [sys.executable, "-c", translator + MEASURES, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    empty, used, rests = map(int, done.stdout.split())
    return empty, used, rests


def test_directions_that_rest_give_their_memory_back(tmp_path: Path) -> None:
    with served() as shelf:
        for pair in (("en", "ar"), ("ar", "en")):
            shelf.put(*pair, weights("en", "pt") if pair[0] == "en" else weights("pt", "en"))
        empty, used, rests = measured(FETCHED, shelf.registry, str(tmp_path))
    assert rests - empty < (used - empty) / 2


def test_so_do_those_that_came_with_moothall() -> None:
    empty, used, rests = measured(INSTALLED)
    assert rests - empty < (used - empty) / 2
