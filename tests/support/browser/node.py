"""Node.js: scripts of pages that need no browser, and the programs of tests/tools, which `make test` installs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from moothall.adapters.pages.static_files import find_web_folder

SCRIPTS = Path(__file__).parents[2] / "tools"
MODULES = Path(sys.prefix) / "js" / "node_modules"


def node() -> str:
    """Return the path of Node.js; skips the test if it isn't installed."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed: this test needs the packages 'nodejs' and 'npm', and then `make test`.")
    return found


def module(name: str) -> Path:
    """Return the path of a package, or of a file in it; skips the test if it isn't installed."""
    path = MODULES / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: `make test` does it, where there is npm.")
    return path


RUN = """
import { text } from 'node:stream/consumers';
const [root, module, body] = process.argv.slice(1);
const load = (name) => import(`${root}/${name}.js`);
const run = new (async () => {}).constructor('m', 'v', 'load', body);
console.log(JSON.stringify((await run(await load(module), JSON.parse(await text(process.stdin)), load)) ?? null));
"""


def run_script(module: str, body: str, value: object = None) -> Any:
    """Run a piece of JavaScript with a module of web/js as `m`, `load(other)`, and a value as
    `v`; returns its result.
    """
    root = (find_web_folder() / "js").as_uri()
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", RUN, root, module, body],
        input=json.dumps(value), capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
