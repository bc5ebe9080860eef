"""What is fine about a machine, and what to do where it isn't: one function for each thing, from facts to a finding.

The facts are gathered by `adapters/operation`; nothing here asks the system for anything.
"""

from __future__ import annotations

import msgspec

from moothall.services.control.alarms import DISK_BYTES
from moothall.services.operation.findings import GIGABYTE, MEGABYTE, Finding, fine, mend, unseen

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
"""The first and the last of the versions that all tests run with."""
BASE_MEMORY = 400 * MEGABYTE
"""What the server takes with a full house (its own figure with 5,000 readers), without engines."""
ENGINE_MEMORY = 900 * MEGABYTE
"""What an engine with the default model takes, with some room."""
TRANSLATORS_MEMORY = 700 * MEGABYTE
SLOW_SYNC_MS = 50
"""An act is answered once the disk has it: from here on people see that."""
SLOW_BYTES_S = 5 * MEGABYTE
"""What four rooms' sound, logs and a backup write at once, many times over."""
SYSTEMD = "systemd (process 1)"
WRONG_CLOCK_MS = 2_000


class PythonFacts(msgspec.Struct, frozen=True):
    """Which Python runs."""

    version: tuple[int, int, int]
    bits: int = 64


def check_python(facts: PythonFacts) -> Finding:
    """Whether it is one that Moothall is tested with."""
    said = ".".join(map(str, facts.version))
    promised = f"{_dotted(OLDEST_PYTHON)} to {_dotted(NEWEST_PYTHON)}"
    if facts.version[:2] < OLDEST_PYTHON:
        return mend("Python", f"{said} is too old. Install Python {promised} and make the environment again with it.")
    if facts.bits < 64:
        return mend("Python", f"{said} has {facts.bits} bits; the models need 64. Install a Python of 64 bits.")
    if facts.version[:2] > NEWEST_PYTHON:
        return fine("Python", f"{said}. It is newer than those that all tests run with ({promised}).")
    return fine("Python", f"{said}.")


class PortFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one port can be listened on."""

    purpose: str
    """What it is for, such as `pages`."""
    setting: str
    """Where the operator changes it, such as `port of [server]`."""
    host: str
    port: int
    error: str = ""
    """What the system says to somebody who wants to listen there; empty when it can be done."""
    holder: str = ""
    """Who listens there, such as `nginx (process 812)`; empty when that can't be seen."""
    ours: bool = False
    """Whether it is the server of this data folder."""


def check_port(facts: PortFacts) -> Finding:
    """Whether it is free, or held by the server itself."""
    topic = f"Port for {facts.purpose}"
    where = f"{facts.host}:{facts.port}"
    if facts.port == 0:
        return fine(topic, "A free one is taken at the start.")
    if facts.ours:
        return fine(topic, f"{where} is held by the server that runs.")
    if not facts.error:
        return fine(topic, f"{where} is free.")
    if facts.holder == SYSTEMD:
        return fine(topic, f"{where} is held by systemd, which starts the server once somebody connects.")
    by = f" It is held by {facts.holder}." if facts.holder else ""
    return mend(topic, f"{where} can't be listened on: {facts.error}.{by} Stop that, or change {facts.setting}.")


class FileFacts(msgspec.Struct, frozen=True):
    """Open files that the system lets a process have."""

    most: int
    wanted_readers: int
    """`max_readers`."""
    readers: int
    """How many have room."""
    server: bool
    """Whether it is the running server that may have so many; else this shell."""


def check_files(facts: FileFacts) -> Finding:
    """Whether `max_readers` have room."""
    whose = "the running server" if facts.server else "this shell, since no server says its own"
    said = f"{facts.most}, of {whose}: room for"
    if facts.readers >= facts.wanted_readers:
        return fine("Open files", f"{said} max_readers = {facts.wanted_readers}.")
    return mend(
        "Open files",
        f"{said} {facts.readers} readers, not for max_readers = {facts.wanted_readers}. Raise it with "
        "systemd's LimitNOFILE or `ulimit -n`, or lower max_readers of [server].",
    )


class RemovalsFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The second file of the list of removals."""

    path: str
    """Empty where the settings name none."""
    error: str = ""
    """Why no line can be added to it."""
    same_disk: bool = False
    """Whether it lies on the disk of the data."""


def check_removals(facts: RemovalsFacts) -> Finding:
    """Whether what is removed can be written down outside of the data folder: without that nothing is removed."""
    topic = "List of removals"
    if not facts.path:
        return unseen(topic, "removals of [server] is empty: the list is in the data folder alone, until a backup.")
    if facts.error:
        return mend(
            topic,
            f"{facts.path}: {facts.error}. Nothing can be removed as long as that is so: mend it, or change removals "
            "of [server].",
        )
    if facts.same_disk:
        return fine(topic, f"{facts.path} can be written. It is on the disk of the data and goes with it: copy it.")
    return fine(topic, f"{facts.path} can be written.")


class DiskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The disk below the data folder."""

    folder: str
    error: str = ""
    """Why nothing could be written there; the rest says nothing then."""
    free: int = 0
    """Bytes."""
    sync_ms: float = 0.0
    """Median time in which a page of 4 KiB is on the disk (fdatasync)."""
    bytes_s: float = 0.0
    """How fast some MB are written and synced."""
    network: str = ""
    """The kind of file system, when it is one of a network."""


def check_room(facts: DiskFacts) -> Finding:
    """Whether there is room for a conference's days."""
    if facts.error:
        return mend(
            "Disk room",
            f"{facts.folder} can't be written to: {facts.error}. Give the server's user that folder, or choose another "
            "with data of [server].",
        )
    free = f"{facts.free / GIGABYTE:.1f} GB"
    if facts.free < DISK_BYTES:
        return mend("Disk room", f"{free} are free below {facts.folder}. Make room, or move the data folder.")
    return fine("Disk room", f"{free} are free below {facts.folder}.")


def check_sync(facts: DiskFacts) -> Finding:
    """Whether the disk is quick enough for text that is shown only once it is stored."""
    if facts.error:
        return unseen("Disk speed", "Nothing could be written.")
    if facts.network:
        return mend(
            "Disk speed",
            f"{facts.folder} is on {facts.network}, a disk of the network, whose locks can't be trusted. Choose a "
            "folder on a disk of this machine.",
        )
    quick = f"{facts.bytes_s / MEGABYTE:.0f} MB/s"
    said = f"A page is on the disk in {facts.sync_ms:.1f} ms, and {quick} are written and synced."
    if facts.sync_ms > SLOW_SYNC_MS or facts.bytes_s < SLOW_BYTES_S:
        return mend("Disk speed", f"{said} Text waits for that: choose a folder on a quicker disk, best on an SSD.")
    return fine("Disk speed", said)


class MemoryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Memory that programs can have."""

    available: int | None
    """Bytes; None where the system doesn't say."""
    running: bool = False
    """Whether the server runs already, so that what it takes is gone from `available`."""
    engines: int = 0
    """Engines of the server's own, with a model on this machine."""
    translators: bool = False


def check_memory(facts: MemoryFacts) -> Finding:
    """Whether server, engines and translators fit."""
    if facts.available is None:
        return unseen("Memory", "The system doesn't say how much there is.")
    need = BASE_MEMORY + facts.engines * ENGINE_MEMORY + TRANSLATORS_MEMORY * facts.translators
    free = f"{facts.available / GIGABYTE:.1f} GB"
    if facts.running:
        need = BASE_MEMORY
        if facts.available < need:
            return mend("Memory", f"{free} are left beside the server. Stop other programs, or take fewer engines.")
        return fine("Memory", f"{free} are left beside the server that runs.")
    if facts.available < need:
        return mend(
            "Memory",
            f"{free} can be had, and about {need / GIGABYTE:.1f} GB are needed. Take fewer engines (count of "
            "[engine]), a smaller model, or a machine with more.",
        )
    return fine("Memory", f"{free} can be had; about {need / GIGABYTE:.1f} GB are needed.")


class ClockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's clock."""

    synchronised: bool | None
    """Whether the system says that something keeps it right; None where it doesn't say."""
    off_ms: int | None = None
    """How far it is from the time of day that the public address says, ms; ahead is above 0."""


def check_clock(facts: ClockFacts) -> Finding:
    """Whether the times in the record will be right."""
    off = facts.off_ms
    if off is not None and abs(off) > WRONG_CLOCK_MS:
        way = "ahead of" if off > 0 else "behind"
        return mend(
            "Clock", f"It is {abs(off) / 1000:.0f} s {way} what the public address says. Set it, best by NTP (chrony)."
        )
    if facts.synchronised is False:
        return mend("Clock", "Nothing keeps it right. Install chrony, or `timedatectl set-ntp true`.")
    beside = "" if off is None else " The public address says the same time."
    if facts.synchronised is None and off is None:
        return unseen("Clock", "The system doesn't say whether something keeps it right.")
    return fine("Clock", f"{'It is synchronised.' if facts.synchronised else 'It is right.'}{beside}")


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
