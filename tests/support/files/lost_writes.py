"""A disk that loses unsynced data: records a program's writes, and reconstructs what a power cut might leave of them.

The program runs under strace, which notes every write, truncation and sync of its files in order. After a power cut
each file is as it was when it was last synced; of later writes the disk has kept nothing, all, or any part in any
order, and the last write may be torn at a sector. The making or removal of a file is durable once its folder was
synced, and not before.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

SECTOR = 512
CALLS = "pwrite64,write,ftruncate,fsync,fdatasync,unlink"
_LINE = re.compile(r"(?P<pid>\d+) +(?P<call>.*)")
_UNFINISHED = re.compile(r"(?P<begin>.*) <unfinished \.\.\.>\Z")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<end>.*)\Z")
_PWRITE = re.compile(r'pwrite64\(\d+<(?P<path>[^>]*)>, "(?P<data>[^"]*)", \d+, (?P<at>\d+)\) += (?P<done>\d+)')
_WRITE = re.compile(r'write\((?P<fd>\d+)<(?P<path>[^>]*)>, "(?P<data>[^"]*)", \d+\) += (?P<done>\d+)')
_TRUNCATE = re.compile(r"ftruncate\(\d+<(?P<path>[^>]*)>, (?P<size>\d+)\) += 0")
_UNLINK = re.compile(r'unlink\("(?P<path>[^"]*)"\) += 0')
_SYNC = re.compile(r"(?:fsync|fdatasync)\(\d+<(?P<path>[^>]*)>\) += 0")


class Written(msgspec.Struct, frozen=True):
    """Bytes were written to a file."""

    name: str
    at: int
    data: bytes


class Cut(msgspec.Struct, frozen=True):
    """A file was truncated or extended to a size."""

    name: str
    size: int


class Synced(msgspec.Struct, frozen=True):
    """A file was synced."""

    name: str


class Gone(msgspec.Struct, frozen=True):
    """A file was removed."""

    name: str


class Listed(msgspec.Struct, frozen=True):
    """The folder was synced, with the names in it."""


class Said(msgspec.Struct, frozen=True):
    """The program printed a line."""

    line: str


Deed = Written | Cut | Synced | Gone | Listed | Said
Files = Mapping[str, bytes]


def recorded(command: Sequence[str], folder: Path, environment: Mapping[str, str], notes: Path) -> list[Deed]:
    """Return what a program does to the files in `folder`, and what it prints. Skips the test
    without a usable strace.
    """
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: these tests need the package 'strace', which notes what is written.")
    how = [strace, "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(notes)]
    done = subprocess.run([*how, *command], env=dict(environment), capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr.lower():
        pytest.skip("strace may not look at other programs here, which these tests need.")
    assert done.returncode == 0, done.stderr
    return list(_deeds(notes, folder))


def _deeds(notes: Path, folder: Path) -> Iterator[Deed]:
    begun: dict[str, str] = {}
    for line in notes.read_text().splitlines():
        found = _LINE.match(line)
        assert found is not None, line[:200]
        pid, call = found["pid"], found["call"]
        if unfinished := _UNFINISHED.match(call):
            begun[pid] = unfinished["begin"]
            continue
        if resumed := _RESUMED.match(call):
            call = begun.pop(pid) + resumed["end"]
        deed = _deed(call, folder)
        if deed is not None:
            yield deed


def _deed(call: str, folder: Path) -> Deed | None:
    if made := _PWRITE.match(call):
        data = _bytes(made["data"])
        assert len(data) == int(made["done"])
        return Written(Path(_path(made["path"])).name, int(made["at"]), data) if _in(made["path"], folder) else None
    if made := _TRUNCATE.match(call):
        return Cut(Path(_path(made["path"])).name, int(made["size"])) if _in(made["path"], folder) else None
    if made := _SYNC.match(call):
        if Path(_path(made["path"])) == folder:
            return Listed()
        return Synced(Path(_path(made["path"])).name) if _in(made["path"], folder) else None
    if (made := _WRITE.match(call)) and made["fd"] == "1":
        return Said(_bytes(made["data"]).decode().strip())
    if made := _UNLINK.match(call):
        return Gone(Path(_path(made["path"])).name) if _in(made["path"], folder) else None
    return None


def _path(noted: str) -> str:
    return _bytes(noted).decode() if noted.startswith("\\x") else noted


def _in(noted: str, folder: Path) -> bool:
    return Path(_path(noted)).parent == folder


def _bytes(noted: str) -> bytes:
    return bytes.fromhex(noted.replace("\\x", ""))


class PowerCut(msgspec.Struct, frozen=True):
    """The state after a power cut."""

    after: int
    """The number of deeds before the power cut."""
    how: str
    """Which unsynced data the disk kept: one of `HOW`."""
    files: Files
    said: Sequence[str]


HOW = ("nothing", "all", "some", "torn")


def power_cuts(deeds: Sequence[Deed], *, how: Sequence[str] = HOW, every: int = 1, seed: int = 0) -> Iterator[PowerCut]:
    """Yield the state after a power cut following each `every`th deed, for each way `how` in
    which the disk may keep data.
    """
    disk, said = _Disk(), list[str]()
    chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
    for n, deed in enumerate(deeds, 1):
        if isinstance(deed, Said):
            said.append(deed.line)
        else:
            disk.take(deed)
        if n % every == 0:
            yield from (PowerCut(n, kept, disk.left(kept, chance), tuple(said)) for kept in how)


class _Disk:
    def __init__(self) -> None:
        self._safe: dict[str, bytearray] = {}
        self._loose: dict[str, list[Written | Cut]] = {}
        self._named: set[str] = set()
        """Files whose names are durable."""
        self._gone: set[str] = set()
        """Removed files whose removal may not be durable yet."""

    def take(self, deed: Written | Cut | Synced | Gone | Listed) -> None:
        match deed:
            case Listed():
                self._named = {*self._safe, *self._loose} - self._gone
                for name in self._gone:
                    self._safe.pop(name, None)
                    self._loose.pop(name, None)
                self._gone.clear()
            case Gone():
                self._gone.add(deed.name)
            case Synced():
                self._safe[deed.name] = _with(self._content(deed.name), self._loose.pop(deed.name, []))
            case _:
                assert deed.name not in self._gone, "made again before its folder was synced: this disk can't do that"
                self._loose.setdefault(deed.name, []).append(deed)

    def left(self, kept: str, chance: random.Random) -> Files:
        files: dict[str, bytes] = {}
        for name in sorted({*self._safe, *self._loose}):
            since = _left(self._loose.get(name, []), kept, chance)
            luck = kept == "all" or (kept != "nothing" and chance.random() < 0.5)
            if (name in self._named or luck) and not (name in self._gone and luck):
                files[name] = bytes(_with(self._content(name), since))
        return files

    def _content(self, name: str) -> bytearray:
        return bytearray(self._safe.get(name, b""))


def _left(since: Sequence[Written | Cut], kept: str, chance: random.Random) -> list[Written | Cut]:
    match kept:
        case "nothing":
            return []
        case "all":
            return list(since)
        case "some":
            return [deed for deed in since if chance.random() < 0.5]
        case _:
            if not since:
                return []
            *whole, last = since
            if isinstance(last, Cut) or len(last.data) <= SECTOR:
                return whole
            sectors = chance.randrange(1, -(-len(last.data) // SECTOR))
            return [*whole, Written(last.name, last.at, last.data[: sectors * SECTOR])]


def _with(content: bytearray, deeds: Sequence[Written | Cut]) -> bytearray:
    for deed in deeds:
        if isinstance(deed, Cut):
            del content[deed.size :]
            content.extend(bytes(deed.size - len(content)))
        else:
            content.extend(bytes(max(0, deed.at - len(content))))
            content[deed.at : deed.at + len(deed.data)] = deed.data
    return content
