"""Templates of pages compiled once for all processes that tests run, and kept as compiled modules are.

Compiling all takes 2.3 s of CPU: each worker did it, and for the pages that it made each server that was forked.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from moothall.adapters.pages import templates

FOLDER = Path(__file__).parents[2] / "__pycache__" / "templates"


def keep_compiled() -> None:
    """From now on, this process and those that it forks take templates from there. A changed one is compiled anew.

    Nothing is kept where no modules are to be kept compiled.
    """
    if sys.dont_write_bytecode:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    templates._COMPILED = FileSystemBytecodeCache(str(FOLDER))  # type: ignore[assignment]  # of the same base
