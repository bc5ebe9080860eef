"""`make fuzz`: fuzzes each target for some minutes, one after the other, and prints findings and their inputs' paths.

An input that breaks a parser stays in `.cache/fuzz/TARGET/found`. Fix the parser, add a test for the input, and run
with --keep, which writes some of the inputs that reached new branches into `tools/fuzz/corpus`. Each run is noted in
`tools/fuzz/runs.jsonl` (`runs.py`); --sum prints the totals.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from fuzz import FAMILIES
from fuzz.runs import RUNS, Run, note, noted, sums
from fuzz.target import CORPUS, Target
from soak_pieces import commit_now

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "fuzz"
MOST_KEPT = 3_000
"""The size limit of a target's file in the corpus, in bytes; it keeps all files together below 100 kB."""
LONGEST_S = 10
"""The longest time that one input may take, in seconds: a parser that takes longer is a finding."""
MOST_MB = 1_500
_DONE = re.compile(rb"Done (\d+) runs? in (\d+) second")
_COVERED = re.compile(rb"cov: (\d+) ft: (\d+)")


def main() -> int:
    """Run the command; returns 1 when something was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Fuzz what reads strangers' bytes.")
    parser.add_argument("target", nargs="*", help="names of targets; all of them when none is named")
    parser.add_argument("--seconds", type=int, default=600, help="how long each target is fuzzed (600)")
    parser.add_argument("--keep", action="store_true", help="write the corpus of each target again")
    parser.add_argument("--list", action="store_true", help="print the targets and the errors that each may raise")
    parser.add_argument("--sum", action="store_true", help="print how long each target was fuzzed, and what came of it")
    arguments = parser.parse_args()
    wanted = [
        (family, target)
        for family in FAMILIES
        for target in importlib.import_module(f"fuzz.{family}").TARGETS
        if not arguments.target or target.name in arguments.target
    ]
    if arguments.list:
        for _, target in wanted:
            print(f"{target.name:24} {', '.join(each.__name__ for each in target.declared) or 'nothing'}")
        return 0
    if arguments.sum:
        print(*sums(noted(), [target.name for _, target in wanted]), sep="\n")
        return 0
    if not wanted:
        print(f"There is no target {', '.join(arguments.target)}; --list shows them.", file=sys.stderr)
        return 2
    found = [target.name for family, target in wanted if not _fuzz(family, target, arguments.seconds)]
    if arguments.keep:
        for _, target in wanted:
            _keep(target)
    print(f"Findings in: {', '.join(found)}" if found else "No findings.")
    return 1 if found else 0


def _fuzz(family: str, target: Target, seconds: int) -> bool:
    """Fuzz a target for `seconds`; returns True when nothing was found. Prints a summary and notes the run."""
    commit, changed = commit_now(str(RUNS.relative_to(ROOT)))
    begun = datetime.now(UTC)
    inputs, broken = CACHE / target.name / "inputs", CACHE / target.name / "found"
    inputs.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    for data in target.corpus():
        (inputs / hashlib.sha256(data).hexdigest()[:20]).write_bytes(data)
    said = _libfuzzer(
        family,
        target,
        f"-max_total_time={seconds}",
        f"-max_len={target.most}",
        f"-timeout={LONGEST_S}",
        f"-rss_limit_mb={MOST_MB}",
        f"-artifact_prefix={broken}/",
        "-print_final_stats=0",
        str(inputs),
    )
    runs = _DONE.search(said.stderr)
    cover = _COVERED.findall(said.stderr)
    run = Run(
        target=target.name,
        commit=commit,
        changed=changed,
        date=begun.isoformat(timespec="seconds"),
        seconds=int(runs[2]) if runs else round((datetime.now(UTC) - begun).total_seconds()),
        executions=int(runs[1]) if runs else 0,
        edges=int(cover[-1][0]) if cover else 0,
        finding=said.returncode != 0 or not runs,
    )
    note(run)
    if not run.finding:
        print(f"{target.name:24} {run.executions:>10} inputs in {run.seconds} s, {run.edges} edges", flush=True)
        return True
    print(f"{target.name:24} FOUND; the input lies in {broken}", flush=True)
    for stream in (said.stderr, said.stdout):  # atheris prints exceptions to standard output
        print(stream.decode("utf-8", "replace")[-4_000:], flush=True)
    return False


def _libfuzzer(family: str, target: Target, *options: str) -> subprocess.CompletedProcess[bytes]:
    path = os.pathsep.join(str(ROOT / each) for each in ("tools", "server", "hubs", "models"))
    return subprocess.run(  # noqa: S603  # this Python, and names of ours
        [sys.executable, "-m", "fuzz.guided", family, target.name, *options],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )


def _keep(target: Target) -> None:
    """Write the corpus: as many as fit of the inputs that reached new branches, short and long ones."""
    inputs = CACHE / target.name / "inputs"
    found = sorted(
        {path.read_bytes() for path in inputs.iterdir()} - {b"", *target.seeds}, key=lambda data: (len(data), data)
    )
    lines: list[str] = []
    room = MOST_KEPT
    # Inputs are sorted by length. Taking every 16th first, then every 8th and so on covers all lengths however few fit.
    order = [found[index] for step in (16, 8, 4, 2, 1) for index in range(0, len(found), step)]
    for line in dict.fromkeys(base64.b64encode(data).decode() for data in order):
        if len(line) < room:
            room -= len(line) + 1
            lines.append(line)
    (CORPUS / f"{target.name}.txt").write_text("".join(f"{line}\n" for line in sorted(lines)), "ascii")


if __name__ == "__main__":
    sys.exit(main())
