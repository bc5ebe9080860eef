#!/usr/bin/env python3
"""Do the quick tests find faults? Puts one fault at a time into a copy of the source and runs the tests named for it.

    python tools/mutations.py [ID …] [--table FILE] [--tree FOLDER] [--out FILE] [--wider] [--trust] [--timeout S]

`tools/mutations.toml` holds the faults, written by hand: one realistic change of a line or two each. With `--wider`, a
fault that its named tests don't find is tried with the wider selection. Prints a row for each fault; ends with 1 if a
fault survived, with 2 if a fault no longer applies or if tests fail without any. The source itself is not touched:
everything happens in a copy of the files that git has or would add, with the packages of the virtual environment that
runs this script. With `--trust` the named tests aren't run without a fault first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("mutations.toml")
WIDER = ("tests/unit", "tests/property", "tests/contract", "tests/golden")
QUICK = "not slow and not chaos"
PURE = f"{QUICK} and not model and not browser"
FAILED = 1
"""The exit status of pytest and of Node's runner when tests ran and at least one failed. Any other
status but 0 is an error.
"""


class NoLongerApplies(Exception):
    """The text that a mutation changes is not in its file, or is there more than once."""


@dataclass(frozen=True)
class Mutation:
    """One fault: a change of text in one file."""

    id: str
    file: str
    """Path in the repository."""
    fault: str
    """What goes wrong, in a sentence."""
    old: str
    """The text that the fault replaces; it is exactly once in the file."""
    new: str
    tests: tuple[str, ...]
    """Paths or pytest's names of the tests that have to find the fault."""

    def applied(self, text: str) -> str:
        """Return `text`, the file's, with the fault in it; raises NoLongerApplies."""
        times = text.count(self.old)
        if times != 1:
            where = "isn't there" if not times else f"is there {times} times"
            raise NoLongerApplies(f"the mutation {self.id} no longer applies: what it changes {where} in {self.file}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Result:
    """The outcome of the tests for one fault."""

    mutation: Mutation
    caught_by: str
    """The tests that failed; empty if none did."""
    seconds: float


Run = Callable[[Path, Sequence[str], str], bool]
"""Whether tests fail. Its arguments: the tree, the tests, a marker expression for pytest."""


def read(table: Path) -> tuple[Mutation, ...]:
    """Return the mutations of a table, in order. Raises ValueError for a mutation that makes no sense."""
    with table.open("rb") as file:
        rows = tomllib.load(file)["mutation"]
    found: dict[str, Mutation] = {}
    for row in rows:
        each = Mutation(**{**row, "tests": tuple(row["tests"])})
        if each.id in found:
            raise ValueError(f"the mutation {each.id} is in {table.name} twice")
        if each.old == each.new or not each.tests or not each.fault:
            raise ValueError(f"the mutation {each.id} changes nothing, names no tests or doesn't say what goes wrong")
        found[each.id] = each
    return tuple(found.values())


@contextmanager
def put_into(tree: Path, mutation: Mutation) -> Iterator[None]:
    """Put the fault into a tree's file for the duration of the context. Raises NoLongerApplies."""
    path = tree / mutation.file
    if not path.is_file():
        raise NoLongerApplies(f"the mutation {mutation.id} no longer applies: there is no {mutation.file}")
    before = path.read_bytes()
    text = mutation.applied(before.decode())
    try:
        path.write_text(text, encoding="utf-8", newline="")
        yield
    finally:
        path.write_bytes(before)


def judge(tree: Path, mutation: Mutation, run: Run, wider: Sequence[str] = ()) -> Result:
    """Run the tests of a mutation with the fault in the tree, and the `wider` tests if those don't find it."""
    began = time.perf_counter()
    caught_by = ""
    with put_into(tree, mutation):
        if run(tree, mutation.tests, QUICK):
            caught_by = " ".join(mutation.tests)
        elif wider and run(tree, wider, PURE):
            caught_by = " ".join(wider)
    return Result(mutation, caught_by, time.perf_counter() - began)


def copy_of(source: Path, target: Path) -> None:
    """Copy the files of `source` that git has or would add, as they are on the disk."""
    git = ("git", "-C", str(source), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in subprocess.check_output(git).decode().split("\0"):  # noqa: S603  # git, by name
        if name and (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def runner(timeout: float) -> Run:
    """Return a function that runs tests in processes of their own. Tests that exceed `timeout` seconds count as
    failed: the fault hangs them.
    """

    def run(tree: Path, tests: Sequence[str], marks: str) -> bool:
        scripts = [each for each in tests if each.endswith(".test.js")]
        others = [each for each in tests if not each.endswith(".test.js")]
        commands = [["node", "--test", *scripts]] if scripts else []
        if others:
            quiet = ("-x", "-q", "-m", marks, "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header")
            commands.append([sys.executable, "-m", "pytest", *quiet, *others])
        return any(_fails(command, tree, timeout) for command in commands)

    return run


def _fails(command: Sequence[str], tree: Path, timeout: float) -> bool:
    # Programs that tests start have to import the copy, not the source to which the virtual environment points.
    paths = os.pathsep.join(str(tree / name) for name in ("server", "hubs", "models"))
    given = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "ci"}
    try:
        done = subprocess.run(  # noqa: S603  # the tests of the table
            command, cwd=tree, env=given, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in (0, FAILED):
        said = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return done.returncode == FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the named mutations, or all of them; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--tree", type=Path, default=ROOT, help="the source that is copied")
    parser.add_argument("--out", type=Path, help="append the rows to this file too, each as it is known")
    parser.add_argument("--wider", action="store_true", help="try all pure tests where those named find nothing")
    parser.add_argument("--trust", action="store_true", help="don't run the tests once without a fault first")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds")
    options = parser.parse_args(arguments)
    mutations = read(options.table)
    unknown = set(options.ids) - {each.id for each in mutations}
    if unknown:
        parser.error(f"there is no mutation {', '.join(sorted(unknown))}")
    wanted = [each for each in mutations if not options.ids or each.id in options.ids]
    run = runner(options.timeout)
    survived = gone = 0
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary) / "moothall"
        copy_of(options.tree, tree)
        if not options.trust and run(tree, sorted({test for each in wanted for test in each.tests}), QUICK):
            print("the tests that are named fail without a fault")
            return 2
        for each in wanted:
            try:
                result = judge(tree, each, run, WIDER if options.wider else ())
            except NoLongerApplies as error:
                row, gone = f"| {each.id} | {error} | | |", gone + 1
            else:
                what = "caught" if result.caught_by else "**survived**"
                survived += not result.caught_by
                row = f"| {each.id} | {what} | {result.caught_by} | {result.seconds:.0f} s |"
            print(row, flush=True)
            if options.out is not None:
                with options.out.open("a", encoding="utf-8") as out:
                    out.write(f"{row}\n")
    print(f"{len(wanted) - survived - gone} of {len(wanted)} caught, {survived} survived, {gone} no longer apply")
    return 2 if gone else min(survived, 1)


if __name__ == "__main__":
    sys.exit(main())
