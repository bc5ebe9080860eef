"""Scripts that a page of an earlier release loads while it is open: they do without what that page's scripts lack.

`scripts-0.2.0.json` has the scripts that pages of 0.2.0 load late, each with the scripts that such a page has run by
then, and the exports of all its scripts. A late script comes from the present release, but what it imports of scripts
that have run comes from the earlier one: there (`adapters/pages/joining.py`) a name that these lack is undefined. So
the late script may only call it by `name?.(…)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest

from moothall.adapters.pages.static_door import MOVED
from moothall.adapters.pages.static_files import find_web_folder

BEFORE = json.loads(Path(__file__).with_name("scripts-0.2.0.json").read_text(encoding="utf-8"))
SCRIPTS = find_web_folder() / "js"
IMPORT = re.compile(r"import\s*\{([^}]*)\}\s*from\s*'([^']+)'")


def lacking(script: str, run: Sequence[str], known: set[str]) -> list[str]:
    """The names that `script`, and the scripts that are loaded with it, use though the scripts of 0.2.0 lack them.

    `run`: the scripts that the page has run already; `known`: the scripts that were looked at.
    """
    now = MOVED.get(f"js/{script}", f"js/{script}").removeprefix("js/")
    if now in known:
        return []
    known.add(now)
    found = list[str]()
    text = (SCRIPTS / now).read_text(encoding="utf-8")
    used = re.sub(r"//[^\n]*|/\*.*?\*/", "", IMPORT.sub("", text), flags=re.DOTALL)
    for names, source in IMPORT.findall(text):
        there = normpath(join(dirname(now), source))
        wanted = {name.split(" as ")[0].strip() for name in names.split(",") if name.strip()}
        if there in BEFORE["exports"]:
            found += [
                f"{now}: {name} of {there}"
                for name in sorted(wanted.difference(BEFORE["exports"][there]))
                if re.search(rf"(?<![\w.#]){name}\b(?!\?\.\()", used)
            ]
        if there not in run:
            found += lacking(there, run, known)
    return found


@pytest.mark.parametrize(("script", "run"), BEFORE["late"].items())
def test_a_script_that_an_open_page_of_0_2_0_loads_does_without_what_it_lacks(script: str, run: Sequence[str]) -> None:
    assert lacking(script, run, set()) == []
