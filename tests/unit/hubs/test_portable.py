"""No code of a hub is for one operating system only."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HUB = Path(__file__).resolve().parents[3] / "hubs/moothall_hub"
ONLY_POSIX = ("fcntl", "grp", "posix_ipc", "pty", "pwd", "resource", "syslog", "termios", "tty")
CALLS = re.compile(r"\bos\.(fork|getuid|geteuid|chown|mkfifo)\b|add_signal_handler|AF_UNIX|SO_REUSEPORT|/proc/|/dev/")
WITHOUT = f"""
import importlib, os, pathlib, sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {ONLY_POSIX!r}:
            raise ImportError(name)


sys.meta_path.insert(0, Missing())
for name in {ONLY_POSIX!r}:
    sys.modules.pop(name, None)
"""
LOADS = f"""
{WITHOUT}
hub = pathlib.Path({str(HUB)!r})
for path in sorted(hub.rglob("*.py")):
    if path.stem not in ("__init__", "__main__"):
        importlib.import_module(".".join(("moothall_hub", *path.relative_to(hub).with_suffix("").parts)))
print(*sorted(each for each in ("socketio", "engineio", "av", "numpy", "moothall.app.hall", "moothall.settings.loading")
              if each in sys.modules))
"""
COMMAND = f"""
{WITHOUT}
from moothall.cli.main import main

del os.fork
main(["hub", "--help"])
"""


def test_no_module_of_a_hub_calls_what_only_some_systems_have() -> None:
    found = {path.name: match[0] for path in HUB.rglob("*.py") if (match := CALLS.search(path.read_text()))}
    assert found == {}


def test_a_hub_can_be_loaded_without_the_modules_of_posix_and_loads_no_more_than_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_the_command_finds_a_hub_where_there_are_no_modules_of_posix() -> None:
    done = subprocess.run([sys.executable, "-c", COMMAND], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "moothall hub pair ADDRESS" in done.stdout
