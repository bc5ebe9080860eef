"""Page templates compiled once for all processes that tests run, and kept as compiled modules are.

Compiling all templates takes 2.3 s of CPU. Without this, each worker would do it, and so would each forked server for
the pages that it makes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from moothall.adapters.pages import templates

FOLDER = Path(__file__).parents[2] / "__pycache__" / "templates"


def keep_compiled() -> None:
    """Make this process, and processes forked from it, load compiled templates from `FOLDER`. Changed
    templates are recompiled.

    Does nothing where Python writes no bytecode.
    """
    if sys.dont_write_bytecode:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    templates._COMPILED = FileSystemBytecodeCache(str(FOLDER))  # type: ignore[assignment]  # of the same base
