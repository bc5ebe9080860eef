"""A talk whose words are known, as files that a program can load."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moothall.testing.scripted import Script, make_script, render, write_script
from support.halls.process import write_wave


def scripted_talk(folder: Path) -> Script:
    """Write `talk.wav` and `script.json`, from which a scripted recogniser hears the talk; returns the script."""
    script = make_script(3, 24, burn_ms=5)
    (folder / "script.json").write_bytes(write_script(script))
    write_wave(folder / "talk.wav", render(script))
    return script


def rows(path: Path) -> list[dict[str, Any]]:
    """Return what a reader received, from a file that `--jsonl` wrote."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def committed(received: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the committed words, in order."""
    return [word for row in received if row["kind"] == "commit" for word in row["text"].split()]
