#!/usr/bin/env python3
"""A captioner at their page: from a letter to readers, a wrong word corrected while text runs, and kills in mid-word.

    .venv/bin/python bench/captioner.py type [--readers 2000] [--seconds 120] [--rate 220]
    .venv/bin/python bench/captioner.py mend [--times 20]
    .venv/bin/python bench/captioner.py kill [--times 30]

type: the script types `--rate` words a minute into `/caption/s` in Chromium, each twentieth key a wrong one that
Backspace takes back, while `--readers` readers read `/events` of a server in a process of its own. The readers run in
another process: all of them receive everything, and twenty of them, spread over the order in which they joined, note
when they have which text. A letter's latency runs from its key's time stamp in the browser until a reader has a text
that contains it. At the end each of the twenty must have what was typed, and all must have its last event.

mend: the machine says three words a second; the last uncertain word is corrected by keys: Alt+U, the word, Enter. A
person's time for the keys is added to the page's time, as in captioning.py.

kill: the whole browser is killed (SIGKILL) in mid-word, and started again with the same profile. The script reads the
field and continues typing after the text that is still there. A complete word that is not there counts as missing; a
word that is there twice counts as doubled. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from playwright.async_api import Browser, Page, Playwright, async_playwright

from captioning import KEY_S, RIGHT, speaking, told, written
from e2e.conftest import QUIET, chromium
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.actors import Role
from support.desks.meeting import S, meeting
from support.desks.process import FLOOR, DeskHall
from support.halls.process import SESSION, free_port

TEXT = (
    "Thank you, chair. In our county three out of ten villages have a line, and none of them at a price that a teacher "
    "can pay. The universal service fund was meant for that. Nobody here has seen a report on it since last year. "
    "I would like to ask the regulator, who is with us today, when the next report comes out! Is that so? "
)
PER_WORD = 5.0
"""Keys of a word, by which words a minute are counted: a typist's standard word."""
SAMPLED = 20
CLOCK = SystemClock()
WRONG_EACH = 20
CHANCE = random.Random(7)  # noqa: S311  # where it is killed
WATCH = """
window.typed = [];
addEventListener('input', ({ target, timeStamp }) => {
  if (target.id === 'ComposeText') window.typed.push([performance.timeOrigin + timeStamp, target.value]);
}, true);
"""


# Readers, in a process of their own


class Reader:
    """A reader that notes when it has which text."""

    def __init__(self) -> None:
        self.rest = b""
        self.lines: list[str] = []
        self.ended: set[str] = set()
        self.typing: dict[str, Any] = {}
        self.had: list[tuple[float, int, int]] = []
        """Unix ms, and the length and checksum of the text."""

    def text(self) -> str:
        growing = self.typing.get("text", "") if self.typing.get("segment") not in self.ended else ""
        return " ".join([*self.lines, *([growing] if growing else [])])

    def take(self, data: bytes, now: float) -> None:
        whole, _, self.rest = (self.rest + data).rpartition(b"\n\n")
        for part in whole.split(b"\n"):
            at = part.find(b"data: ")
            if at < 0 or b'"pulse"' in part[:60]:
                continue
            frame = json.loads(part[at + 6 :])
            for event in frame.get("events", ()):
                body = event.get("body") or {}
                if body.get("type") == "segment.ended" and body["segment"].startswith("d"):
                    self.lines.append(body["text"])
                    self.ended.add(body["segment"])
            self.typing = next((each for each in frame.get("signals", ()) if each["kind"] == "typing"), self.typing)
        text = self.text()
        mark = len(text), zlib.crc32(text.encode())
        if not self.had or self.had[-1][1:] != mark:
            self.had.append((now, *mark))


def read(port: int, many: int, out: Path) -> None:
    """Read until standard input ends; then write to `out` what was received."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    poll, socks, tails = select.epoll(), dict[int, socket.socket](), dict[int, bytes]()
    readers = dict[int, Reader]()
    ask = f"GET /s/{SESSION}/events HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    while len(socks) < many:
        for n in range(len(socks), min(many, len(socks) + 50)):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.sendall(ask)
            head = sock.recv(1 << 16)
            if b" 200 " not in head[:20]:
                sock.close()
                break
            sock.setblocking(False)
            socks[sock.fileno()], tails[sock.fileno()] = sock, head[-4096:]
            if n % max(1, many // SAMPLED) == 0:
                readers[sock.fileno()] = Reader()
            poll.register(sock, select.EPOLLIN)
        time.sleep(0.05)
    print("ready", flush=True)
    bytes_read, ends = 0, False
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    while not ends:
        for file, _ in poll.poll(0.5):
            if file == sys.stdin.fileno():
                ends = True
                continue
            data = socks[file].recv(1 << 18)
            bytes_read += len(data)
            tails[file] = (tails[file] + data)[-4096:]
            if file in readers:
                readers[file].take(data, CLOCK.wall())
            if not data:
                poll.unregister(file)
    last = [tail.rpartition(b"\nid: ")[2].split(b"\n")[0].decode() for tail in tails.values()]
    used = resource.getrusage(resource.RUSAGE_SELF)
    said = {
        "readers": [{"had": each.had, "text": each.text()} for each in readers.values()],
        "last": {name: last.count(name) for name in set(last)},
        "bytes": bytes_read,
        "cpu_s": used.ru_utime + used.ru_stime,
    }
    out.write_text(json.dumps(said))


# The browser


@asynccontextmanager
async def a_hall(data: Path) -> AsyncIterator[DeskHall]:
    """Run a server in a process of its own that recognises and translates nothing."""
    made = DeskHall(data, free_port(42))
    data.with_suffix(".toml").write_text("[engine]\ncount = 0\n[translation]\ntranslators = []\n", encoding="utf-8")
    await made.prepare()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def sandbox() -> list[str]:
    return ["--no-sandbox"] if os.geteuid() == 0 else []


async def sit_down(page: Page, hall: DeskHall) -> None:
    await page.goto(f"{hall.address}/enter/{hall.token}")
    await page.goto(f"{hall.address}/caption/{SESSION}")
    await page.locator("#Stands[data-kind=live]").wait_for(state="attached")
    await page.locator("#ComposeText:focus").wait_for()


def keys_of(text: str) -> list[str]:
    """Return keys that type a text, some of them wrong and taken back."""
    keys: list[str] = []
    for n, letter in enumerate(text):
        if n % WRONG_EACH == WRONG_EACH // 2 and letter.isalpha():
            keys += ["q", "Backspace"]
        keys.append(letter)
    return keys


def cpu_s(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


async def typed(page: Page, keys: list[str], gap: float) -> float:
    """Press keys, one each `gap` s; returns how late the last was, in s."""
    began = time.perf_counter()
    for n, key in enumerate(keys):
        wait = began + n * gap - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        await (page.keyboard.press(key) if len(key) > 1 else page.keyboard.type(key))
    return time.perf_counter() - began - len(keys) * gap


def waits(versions: list[tuple[float, str]], had: list[tuple[float, int, int]]) -> tuple[list[float], int]:
    """Return for each key the ms until a reader had a text that contains it; and how many keys it never had."""
    marks = [(len(text), zlib.crc32(text.encode())) for _, text in versions]
    found, first = list[float](), 0
    for at, *mark in had:
        same = next((n for n in range(min(len(marks), first + 60) - 1, first - 1, -1) if marks[n] == tuple(mark)), None)
        if same is not None:
            found += [at - versions[n][0] for n in range(first, same + 1)]
            first = same + 1
    return found, len(marks) - first


def texts_of(inputs: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the whole text after each key; the field itself holds only the text that is not a line yet."""
    whole, before, texts = "", "", list[tuple[float, str]]()
    for at, value in inputs:
        # A field that lost more than one letter was emptied by the page, because a sentence had become a line.
        if len(value) < len(before) - 1:
            whole = f"{whole}{before.strip()} "
        before = value
        texts.append((at, f"{whole}{value.strip()}".strip()))
    return texts


async def type_phase(given: argparse.Namespace, playwright: Playwright, folder: Path) -> bool:
    many = round(given.seconds * given.rate * PER_WORD / 60)
    text = (TEXT * (many // len(TEXT) + 1))[:many]
    text = text[: text.rindex(".") + 1]
    keys = keys_of(text)
    async with a_hall(folder / "data") as hall:
        out, port = folder / "readers.json", int(hall.address.rpartition(":")[2])
        crowd = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, "read", str(port), str(given.readers), str(out)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert crowd.stdin is not None
        assert crowd.stdout is not None
        await crowd.stdout.readline()
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox()])
        page = await browser.new_page()
        await page.add_init_script(WATCH)
        await sit_down(page, hall)
        print(
            f"load {os.getloadavg()[0]:.1f}, {given.readers} readers, {len(keys)} keys at {given.rate} words a minute"
        )
        pid = hall.pid
        before = cpu_s(pid)
        late = await typed(page, keys, 60 / given.rate / PER_WORD)
        await page.keyboard.press("Enter")
        await page.locator("#OnWay li").first.wait_for(state="detached")
        await asyncio.sleep(3)
        used = cpu_s(pid) - before
        inputs = [(float(at), str(value)) for at, value in await page.evaluate("window.typed")]
        await browser.close()
        crowd.stdin.close()
        await crowd.wait()
        said = json.loads(out.read_text())
        versions, took, never = texts_of(inputs), list[float](), 0
        for each in said["readers"]:
            found, missed = waits(versions, [tuple(had) for had in each["had"]])
            took += found
            never += missed
        took.sort()
        same = sum(each["text"] == text for each in said["readers"])
        p = {name: took[min(len(took) - 1, int(len(took) * part))] for name, part in (("p50", 0.5), ("p99", 0.99))}
        print(f"typed {late:.1f} s behind the rate; server CPU {used:.1f} s, readers' {said['cpu_s']:.1f} s")
        print(
            f"a letter at readers, ms: p50 {p['p50']:.0f}, p99 {p['p99']:.0f}, max {took[-1]:.0f} ({len(took)} of them)"
        )
        print(f"letters that came at no reader of the {len(said['readers'])}: {never}")
        print(f"{same} of {len(said['readers'])} have at the end what was typed; last events {said['last']}")
        if same < len(said["readers"]):
            (Path(tempfile.gettempdir()) / "captioner-differs.json").write_text(json.dumps([text, said["readers"]]))
        return same == len(said["readers"]) and len(said["last"]) == 1


# A wrong word


async def mend_phase(given: argparse.Namespace, playwright: Playwright, folder: Path) -> bool:
    browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox()])
    async with meeting(folder, "Amina Diallo") as on:
        await written(on, 300)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await on.enter(page, Role.CAPTIONER)
        await page.goto(f"{on.running.address}/caption/{S}")
        await page.locator("#ComposeText:focus").wait_for()
        took = list[float]()
        async with asyncio.TaskGroup() as group:
            talk = group.create_task(speaking(on, 300))
            for _ in range(given.times):
                await page.keyboard.press("Alt+w")
                began = time.perf_counter()
                await page.keyboard.press("Alt+u")
                line = str(await page.evaluate("document.activeElement.closest('.line')?.id"))
                await page.keyboard.type(RIGHT)
                await page.keyboard.press("Enter")
                await page.locator(f"#{line} > .text", has_text=f" {RIGHT} ").wait_for()
                await page.locator(".editor").wait_for(state="detached")
                took.append(1000 * (time.perf_counter() - began))
                await asyncio.sleep(0.5)
            talk.cancel()
        await browser.close()
    person = KEY_S * (2 + len(RIGHT) + 1)
    print(told("a wrong word, by keys, ms", took))
    whole = person + sorted(took)[int(len(took) * 0.95)] / 1000
    print(f"  Alt+U, {len(RIGHT)} letters, Enter: {person:.1f} s of a person, {whole:.1f} s in all (95 % of them)")
    return whole <= 2


# Kills


async def started(playwright: Playwright, profile: Path) -> tuple[subprocess.Popen[bytes], Browser]:
    path, port = chromium(), free_port(7)
    assert path is not None
    process = subprocess.Popen(  # noqa: ASYNC220
        [path, *QUIET, *sandbox(), f"--remote-debugging-port={port}", f"--user-data-dir={profile}", "about:blank"],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(200):
        try:
            return process, await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        except Exception:  # the browser doesn't answer yet
            await asyncio.sleep(0.1)
    raise TimeoutError("The browser didn't start.")


def lines_of(hall: DeskHall) -> list[str]:
    """Return the typed lines of the log."""
    return [line.whole for line in hall.lines() if line.id.startswith("d") and line.channel == FLOOR]


async def kill_phase(given: argparse.Namespace, playwright: Playwright, folder: Path) -> bool:
    text = " ".join((TEXT * (given.times // 4 + 2)).split())
    at, lost = 0, list[int]()
    async with a_hall(folder / "data") as hall:
        for n in range(given.times + 1):
            process, browser = await started(playwright, folder / "profile")
            context = browser.contexts[0]
            page = context.pages[0] if context.pages else await context.new_page()
            await sit_down(page, hall)
            await page.locator("#OnWay li").first.wait_for(state="detached")
            field = await page.locator("#ComposeText").input_value()
            have = " ".join(" ".join([*lines_of(hall), field]).split())
            if not text.startswith(have):
                print(f"after kill {n} there stands what was not typed: …{have[-80:]!r}, typed …{text[:at][-80:]!r}")
                os.killpg(process.pid, signal.SIGKILL)
                return False
            lost.append(at - len(have))
            at = len(have)
            if n == given.times:
                end = text.index(".", at) + 1
                await page.keyboard.type(text[at:end])
                await page.keyboard.press("Enter")
                await page.locator("#OnWay li").first.wait_for(state="detached")
                await asyncio.sleep(1)
                stands = " ".join(lines_of(hall))
                process.send_signal(signal.SIGTERM)
                break
            many = CHANCE.randint(30, 90)
            while not text[at + many - 1 : at + many + 1].isalpha():
                many += 1
            await typed(page, list(text[at : at + many]), 60 / given.rate / PER_WORD)
            at += many
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            await browser.close()
    words, meant = stands.split(), text[:end].split()
    print(f"{given.times} kills in mid-word: letters lost at each {sorted(lost[1:])}")
    print(f"words that stand {len(words)}, typed {len(meant)}; the same: {words == meant}")
    return words == meant and max(lost[1:]) <= 1


async def run(given: argparse.Namespace) -> bool:
    phase = {"type": type_phase, "mend": mend_phase, "kill": kill_phase}[given.phase]
    folder = Path(tempfile.mkdtemp())
    try:
        async with async_playwright() as playwright:
            return await phase(given, playwright, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    if sys.argv[1:2] == ["read"]:
        read(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("phase", choices=["type", "mend", "kill"])
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--rate", type=int, default=220, help="words a minute")
    parser.add_argument("--times", type=int, default=30)
    return 0 if asyncio.run(run(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
