"""A talk whose words are known, as the files that a program is started with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moothall.testing.scripted import Script, make_script, render, write_script
from support.halls.process import write_wave


def scripted_talk(folder: Path) -> Script:
    """Write `talk.wav` and `script.json`, from which a scripted recogniser hears it."""
    script = make_script(3, 24, burn_ms=5)
    (folder / "script.json").write_bytes(write_script(script))
    write_wave(folder / "talk.wav", render(script))
    return script


def rows(path: Path) -> list[dict[str, Any]]:
    """What a reader received, as `--jsonl` writes it."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def committed(received: Iterable[Mapping[str, Any]]) -> list[str]:
    """The words that will not change, in order."""
    return [word for row in received if row["kind"] == "commit" for word in row["text"].split()]
