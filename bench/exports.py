"""The time that it takes to write the record of a long session, in each downloadable form.

    .venv/bin/python bench/exports.py                 # 10,000 lines, five rounds
    .venv/bin/python bench/exports.py --lines 1000

The session is made in memory: lines of 12 words with their times, four speakers, one line in twenty corrected. First
the log is folded into a record, as for the first request; then each writer runs as the door calls it. Times are CPU
time of one thread, the median of the rounds.
"""

from __future__ import annotations

import argparse
import gzip
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

# The stories are part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from moothall.record.html import write_html
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.wording import Options
from scoring import cpu_model
from support.sessions.record_maker import WORDING, Telling

WEB = Path(__file__).resolve().parents[1] / "web"
WORDS = "This is what somebody says while everybody reads it word by word."
EACH_MS, PAUSE_MS = 300, 50
SPEAKERS = ("Ms. Añez", "أحمد", "Mr. Otieno", "Chair")
EVERY_MENDED = 20
STYLES = ("lib/tokens.css", "reader/record.css")


def told(lines: int) -> Telling:
    """Return a session of `lines` lines, one after the other."""
    telling = Telling("Plenary")
    length = len(WORDS.split())
    for n in range(lines):
        segment = telling.spoken(
            WORDS, n * length * (EACH_MS + PAUSE_MS), EACH_MS, PAUSE_MS, name=SPEAKERS[n // 8 % len(SPEAKERS)]
        )
        if n % EVERY_MENDED == 0:
            telling.correct(segment, WORDS.replace("somebody", "someone"), words=length)
    return telling


def writers(style: str) -> dict[str, Callable[[Record], bytes]]:
    """Return a writer for each form, called as the door calls it."""
    options = Options()
    return {
        "vtt": lambda record: write_vtt(record, WORDING, options).encode(),
        "srt": lambda record: write_srt(record, WORDING, options).encode(),
        "txt": lambda record: write_text(record, WORDING, options).encode(),
        "html": lambda record: write_html(record, WORDING, options, style).encode(),
        "json": lambda record: write_json(record, WORDING, options),
    }


def timed(work: Callable[[], object], rounds: int) -> float:
    """Return the median CPU time of a round, in ms."""
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    telling = told(given.lines)
    record = telling.record()
    style = "".join((WEB / "css" / name).read_text(encoding="utf-8") for name in STYLES)
    print(f"{given.lines:,} lines; {cpu_model()}; Python {platform.python_version()}; {datetime.now(UTC):%Y-%m-%d}")
    print()
    print("| form | CPU ms | µs a line | MB | MB gzip |")
    print("|---|--:|--:|--:|--:|")
    folding = timed(telling.record, given.rounds)
    print(f"| (log to record) | {folding:.0f} | {folding / given.lines * 1000:.0f} | | |")
    for name, write in writers(style).items():
        took = timed(partial(write, record), given.rounds)
        body = write(record)
        packed = gzip.compress(body, 6)
        print(
            f"| {name} | {took:.0f} | {took / given.lines * 1000:.0f} "
            f"| {len(body) / 1e6:.2f} | {len(packed) / 1e6:.2f} |"
        )


if __name__ == "__main__":
    main()
