"""What `support.halls.warm` forks behaves as a process started by the command line: the same test over both."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import moothall
from support.halls.warm import Forked, Program, start_program

OWN = {"PATH": "/bin", "OWN": "é", **({"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {})}
PROGRAM = """
import json, moothall, os, signal, sys, threading
if __name__ == "__main__":
    print(json.dumps({
        "arguments": sys.argv,
        "environment": dict(os.environ),
        "files": os.listdir("/proc/self/fd"),
        "cwd": os.getcwd(),
        "threads": threading.active_count(),
        "interrupted": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "apart": os.getsid(0) == os.getpid(),
        "path": sys.path[0],
        "product": moothall.__file__,
        "main": sys.modules["__main__"].__dict__.get("MINE"),
    }), flush=True)
    MINE = True
    print("heard", file=sys.stderr)
    for line in sys.stdin:
        print("I heard", line, end="", flush=True)
    sys.exit(3)
"""


@pytest.fixture(params=["forked", "started"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def begun(folder: Path, how: str, *, apart: bool = False) -> tuple[Program, dict[str, Any]]:
    file, log = folder / "program.py", folder / "log"
    file.write_text(PROGRAM, encoding="utf-8")
    with log.open("wb") as errors:
        made = await start_program(
            str(file), "a", "b c", stdin=True, stderr=errors, env=OWN, apart=apart, fork=how == "forked"
        )
    assert isinstance(made, Forked) == (how == "forked")
    assert made.stdout is not None
    return made, json.loads(await made.stdout.readline())


@pytest.mark.parametrize("apart", [False, True])
async def test_it_has_its_own_and_nothing_of_its_parent(tmp_path: Path, how: str, apart: bool) -> None:
    process, told = await begun(tmp_path, how, apart=apart)
    assert process.stdin is not None
    assert process.stdout is not None
    assert told.pop("arguments") == [str(tmp_path / "program.py"), "a", "b c"]
    environment = told.pop("environment")
    assert {name: environment[name] for name in environment if name != "LC_CTYPE"} == OWN
    assert told.pop("files") == ["0", "1", "2", "3"], "3 lists them"
    assert told == {
        "cwd": str(Path.cwd()),
        "threads": 1,
        "interrupted": True,
        "apart": apart,
        "path": str(tmp_path),
        "product": moothall.__file__,
        "main": None,
    }
    process.stdin.write(b"one\n")
    assert await process.stdout.readline() == b"I heard one\n"
    assert process.returncode is None
    process.stdin.close()
    assert await process.wait() == process.returncode == 3
    assert (tmp_path / "log").read_text() == "heard\n"
    with pytest.raises(ProcessLookupError):
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_its_status_says_which_signal_ended_it(tmp_path: Path, how: str, number: signal.Signals) -> None:
    process, _ = await begun(tmp_path, how)
    process.send_signal(number)
    assert process.stdin is not None
    process.stdin.write(b"one\n")  # Python looks for signals before it waits for a line, and then after the line.
    assert await process.wait() == -number


async def test_two_at_a_time_are_two(tmp_path: Path, how: str) -> None:
    one, other = (await begun(tmp_path, how))[0], (await begun(tmp_path, how))[0]
    assert one.pid != other.pid
    one.kill()
    await one.wait()
    assert other.returncode is None
    other.terminate()
    assert await other.wait() == -signal.SIGTERM
