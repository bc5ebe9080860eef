#!/usr/bin/env python3
"""Orca in Chromium: what it says, and what a braille display of 40 cells shows, on a blind reader's way.

    .venv/bin/python bench/screen_reader.py [--keep FILE]

A live meeting is read by arrow keys, new lines are read by the screen reader, a question is asked and called, and the
record is read. The braille display is BRLTTY's in a window of X; xdotool presses the keys, all on a display of their
own. Orca logs what it says and shows. It ends with 1 when a new line isn't said exactly once, or the asker isn't
informed of their turn. `--keep` writes each line of 40 cells. Needs Debian's packages orca, brltty, brltty-x11,
python3-brlapi, chromium, xvfb, openbox, dbus-daemon, at-spi2-core, gsettings-desktop-schemas, dconf-gsettings-backend
and xdotool. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from support.desks.meeting import Meeting, S, meeting

PROGRAMS = ("Xvfb", "openbox", "dbus-run-session", "brltty", "orca", "chromium", "xdotool", "gsettings")
BUS = "/usr/libexec/at-spi-bus-launcher"
SPOKEN = (
    "Good morning, and welcome.",
    "The report has three recommendations.",
    "The first is about remote participants.",
)
NEW = ("And the second is about the record.", "The third is about what comes out of it.", "The fourth is short.")
QUESTION = "Who pays for the well?"
TURN = "Now: it is your turn"
MODERATOR = Actor(Role.MODERATOR, "m1")
SAYS = re.compile(r"SPEECH OUTPUT: '(.*?)'(?: \{|$)")
SHOWS = re.compile(r"VISIBLE:  '(.*)', cursor=\d+")
SESSION = """
openbox & {bus} --launch-immediately &
gsettings set org.gnome.desktop.interface toolkit-accessibility true
brltty -n -q -b xw -x no -A auth=none,host=:0 &
sleep 2
BRLAPI_HOST=:0 orca --replace --enable=braille --debug-file={log} &
sleep 4
chromium {sandbox} --force-renderer-accessibility --no-first-run --disable-gpu --lang=en-GB \\
    --user-data-dir={profile} {page} &
wait
"""


@dataclass
class Walk:
    """A person at the keyboard, and what Orca has said and shown."""

    log: Path
    environment: dict[str, str]
    told: list[str] = field(default_factory=list)
    """All acts, speech and braille lines, in order."""
    said: list[str] = field(default_factory=list)
    _read: int = 0

    def listen(self, what: str) -> str:
        """Note that `what` was done; returns what Orca has said since the last call."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        new, self._read = text[self._read :], len(text)
        self.told.append(f"> {what}")
        said = []
        for line in new.splitlines():
            if found := SAYS.search(line):
                said.append(found[1])
                self.told.append(f"  says {found[1]}")
            elif found := SHOWS.search(line):
                self.told.append(f"  |{found[1]:<40}|")
        self.said += said
        return " ".join(said)

    async def press(self, key: str, seconds: float = 1.0) -> str:
        """Press a key (none if it is empty), and listen for `seconds`."""
        if key:
            self._xdotool("key", "--clearmodifiers", key)
        await asyncio.sleep(seconds)
        return self.listen(key)

    async def until(self, key: str, words: str, most: int = 40) -> None:
        """Press a key until Orca says these words. Raises RuntimeError after `most` presses."""
        for _ in range(most):
            if words in await self.press(key):
                return
        raise RuntimeError(f"“{words}” was not said after {most} times of {key or 'a second'}")

    async def enter(self, words: str) -> None:
        """Press Return once, and wait until Orca says these words. Raises RuntimeError where it doesn't."""
        if words not in await self.press("Return"):
            await self.until("", words)

    async def type(self, text: str) -> None:
        self._xdotool("type", "--delay", "60", text)
        await asyncio.sleep(1.0)
        self.listen(f"types {text}")

    def _xdotool(self, *command: str) -> None:
        subprocess.run(["xdotool", *command], env=self.environment, check=True)  # on the desktop's own display


@contextmanager
def desktop(folder: Path, page: str) -> Iterator[Walk]:
    """Run a display with Orca, a braille display, and Chromium at a page."""
    read, write = os.pipe()
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    display = f":{os.read(read, 8).decode().strip()}"
    (folder / "run").mkdir(mode=0o700)
    places = {
        "DISPLAY": display,
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_SESSION_TYPE": "x11",
    }
    environment, log = {**os.environ, **places}, folder / "orca.log"
    sandbox = "--no-sandbox" if os.geteuid() == 0 else ""
    script = SESSION.format(bus=BUS, log=log, sandbox=sandbox, profile=folder / "profile", page=page)
    session = subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", script],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Walk(log, environment)
    finally:
        os.killpg(session.pid, signal.SIGKILL)
        xvfb.terminate()
        for process in (session, xvfb):
            process.wait()


async def go(on: Meeting, walk: Walk) -> Sequence[str]:
    """Walk from live text to a question, its turn and the record; returns what Orca said while new lines arrived."""
    await walk.until("", "Finished loading", most=60)
    await walk.press("ctrl+Home")
    for _ in range(14):
        await walk.press("Down")
    await walk.press("ctrl+Home")
    await walk.until("Down", "Read new lines to my screen reader")
    await walk.press("Return", 3.0)
    before = len(walk.said)
    for n, line in enumerate(NEW):
        await on.say(f"new{n}", line)
        if n:  # The first two lines follow each other at once.
            await asyncio.sleep(4.0)
            walk.listen("new lines come")
    heard = walk.said[before:]
    await walk.until("k", "Ask link")
    await walk.enter("Finished loading")
    await walk.until("Tab", "Your question or comment entry")
    await walk.type(QUESTION)
    await walk.until("Tab", "Send button")
    await walk.enter("Finished loading")
    for _ in range(6):
        await walk.press("Down")
    (asked,) = (name for name, _ in on.live.state.questions.interventions.items())
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
        await on.do(do.SetStatus(interventions=(asked,), status=status), by=MODERATOR)
        await asyncio.sleep(4.0)
        walk.listen(f"the moderator: {status}")
    await on.do(do.SetStatus(interventions=(asked,), status=InterventionStatus.ANSWERED), by=MODERATOR)
    await on.do(do.CloseSession())
    await asyncio.sleep(2.0)
    walk.listen("the meeting is closed")
    await walk.press("ctrl+Home")
    await walk.until("Down", "Back to the text link")
    await walk.enter("Finished loading")
    await walk.press("ctrl+Home")
    for _ in range(12):
        await walk.press("Down")
    return heard


def shown(told: Sequence[str]) -> Iterator[str]:
    """The acts and each line of 40 cells that came after them; one that is shown again at once stands once."""
    before = act = ""
    for line in told:
        if line.startswith("> "):
            act = line if line != "> " else act
        elif line.startswith("  |") and line != before:
            if act:
                yield act
            before, act = line, ""
            yield line.strip()


async def main() -> int:
    """Walk, print everything, and return 1 if anything was left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="FILE")
    options = parser.parse_args()
    if missing := [each for each in (*PROGRAMS, BUS) if shutil.which(each) is None]:
        parser.error(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as name:
        async with meeting(Path(name) / "data", "Amina") as on:
            for n, line in enumerate(SPOKEN):
                await on.say(f"old{n}", line)
            folder = Path(name) / "desktop"
            folder.mkdir()
            with desktop(folder, f"{on.running.address}/s/{S}") as walk:
                try:
                    heard = await go(on, walk)
                finally:
                    print("\n".join(walk.told))
    if options.keep is not None:
        options.keep.write_text("".join(f"{line}\n" for line in shown(walk.told)), encoding="utf-8")
    wrong = [line for line in NEW if heard.count(line) != 1]
    wrong += [] if TURN in walk.said else [TURN]
    for each in wrong:
        print(f"not said once: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
