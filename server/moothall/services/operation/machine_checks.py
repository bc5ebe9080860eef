"""Checks a machine: one function for each thing, from facts to a finding that says that it is fine or what to do.

`adapters/operation` gathers the facts; nothing here asks the system for anything.
"""

from __future__ import annotations

import msgspec

from moothall.services.control.alarms import DISK_BYTES
from moothall.services.operation.findings import GIGABYTE, MEGABYTE, Finding, fine, mend, unseen

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
"""The oldest and the newest Python version with which all tests run."""
BASE_MEMORY = 400 * MEGABYTE
"""Memory of the server at full load (measured with 5,000 readers), without engines, in bytes."""
ENGINE_MEMORY = 900 * MEGABYTE
"""Memory of an engine with the default model, with some reserve, in bytes."""
TRANSLATORS_MEMORY = 700 * MEGABYTE
SLOW_SYNC_MS = 50
"""Time of a disk sync, in ms, from which on people notice it: an act is answered only once it is on the disk."""
SLOW_BYTES_S = 5 * MEGABYTE
"""Least write speed, in bytes a second: many times what the sound, the logs and a backup of four rooms write at once.
"""
SYSTEMD = "systemd (process 1)"
WRONG_CLOCK_MS = 2_000


class PythonFacts(msgspec.Struct, frozen=True):
    """The Python that runs."""

    version: tuple[int, int, int]
    bits: int = 64


def check_python(facts: PythonFacts) -> Finding:
    """Check whether Moothall is tested with this Python."""
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
    """What the port is for, such as `pages`."""
    setting: str
    """The setting that changes it, such as `port of [server]`."""
    host: str
    port: int
    error: str = ""
    """The system's error when a program tries to listen there; empty when it succeeds."""
    holder: str = ""
    """The process that listens there, such as `nginx (process 812)`; empty when that can't be found out."""
    ours: bool = False
    """Whether the server of this data folder listens there."""


def check_port(facts: PortFacts) -> Finding:
    """Check whether the port is free, or held by the server itself."""
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
    """The limit of open files of a process."""

    most: int
    wanted_readers: int
    """The setting `max_readers`."""
    readers: int
    """Number of readers for which the limit suffices."""
    server: bool
    """Whether the limit is the running server's; else it is this shell's."""


def check_files(facts: FileFacts) -> Finding:
    """Check whether the limit suffices for `max_readers`."""
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
    """The copy of the list of removals that is kept apart from the data folder."""

    path: str
    """Path of the file; empty where the settings name none."""
    error: str = ""
    """Why no line can be added to the file; empty when one can."""
    same_disk: bool = False
    """Whether the file is on the disk of the data."""


def check_removals(facts: RemovalsFacts) -> Finding:
    """Check whether removals can be noted outside of the data folder: without that nothing is removed."""
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
    """The disk of the data folder."""

    folder: str
    error: str = ""
    """Why nothing could be written there, in which case the other fields mean nothing; empty when it could."""
    free: int = 0
    """Free bytes."""
    sync_ms: float = 0.0
    """Median time, in ms, until a page of 4 KiB is on the disk (fdatasync)."""
    bytes_s: float = 0.0
    """Speed at which some MB are written and synced, in bytes a second."""
    network: str = ""
    """The kind of file system, where it is a network file system; else empty."""


class OwnerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the files in the data folder are."""

    folder: str
    owner: str = ""
    """The user to whom the folder belongs; empty where there is none yet."""
    strangers: int = 0
    """How many files and folders in it belong to somebody else."""
    first: str = ""
    """The path of one of them."""


def check_owner(facts: OwnerFacts) -> Finding:
    """Check whether the server can write all of its own files: those that root has made it can't."""
    topic = "Files' owner"
    if not facts.owner:
        return unseen(topic, f"{facts.folder} isn't there yet: the server makes it.")
    if facts.strangers:
        return mend(
            topic,
            f"Not all that is in {facts.folder} belongs to {facts.owner}, as the folder does: {facts.first}, "
            f"{facts.strangers} in all. The server can't write that. `chown -R {facts.owner}: {facts.folder}` gives it "
            "back.",
        )
    return fine(topic, f"All that is in {facts.folder} belongs to {facts.owner}.")


def check_room(facts: DiskFacts) -> Finding:
    """Check whether there is space for several days of a conference."""
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
    """Check whether the disk is fast enough for text that is shown only once it is stored."""
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
    """The memory that is available to programs."""

    available: int | None
    """Bytes; None where the system doesn't say."""
    running: bool = False
    """Whether the server runs already, so that `available` doesn't include its memory."""
    engines: int = 0
    """Number of engines that the server itself runs, with a model on this machine."""
    translators: bool = False


def check_memory(facts: MemoryFacts) -> Finding:
    """Check whether the memory suffices for server, engines and translators."""
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
    """Whether the system reports that its clock is synchronised; None where it doesn't say."""
    off_ms: int | None = None
    """Difference from the time that the public address reports, in ms; above 0 where this clock is ahead. None where it
    isn't known."""


def check_clock(facts: ClockFacts) -> Finding:
    """Check whether the times in the record will be right."""
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
