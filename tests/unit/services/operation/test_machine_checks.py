from __future__ import annotations

import pytest

from moothall.services.operation.findings import GIGABYTE, MEGABYTE, Finding, Verdict
from moothall.services.operation.machine_checks import (
    BASE_MEMORY,
    ENGINE_MEMORY,
    SLOW_SYNC_MS,
    SYSTEMD,
    TRANSLATORS_MEMORY,
    WRONG_CLOCK_MS,
    ClockFacts,
    DiskFacts,
    FileFacts,
    MemoryFacts,
    OwnerFacts,
    PortFacts,
    PythonFacts,
    RemovalsFacts,
    check_clock,
    check_files,
    check_memory,
    check_owner,
    check_port,
    check_python,
    check_removals,
    check_room,
    check_sync,
)


def holds(found: Finding, verdict: Verdict, words: str) -> None:
    assert (found.verdict, words in found.sentence) == (verdict, True), found


@pytest.mark.parametrize(
    ("version", "bits", "verdict", "words"),
    [
        ((3, 11, 0), 64, Verdict.FINE, "3.11.0."),
        ((3, 13, 9), 64, Verdict.FINE, "3.13.9."),
        ((3, 14, 0), 64, Verdict.FINE, "newer than those"),
        ((3, 10, 12), 64, Verdict.MEND, "too old"),
        ((3, 12, 1), 32, Verdict.MEND, "32 bits"),
    ],
)
def test_pythons(version: tuple[int, int, int], bits: int, verdict: Verdict, words: str) -> None:
    holds(check_python(PythonFacts(version, bits)), verdict, words)


def port(number: int = 8080, error: str = "", holder: str = "", *, ours: bool = False) -> Finding:
    facts = PortFacts(
        purpose="pages",
        setting="port of [server]",
        host="127.0.0.1",
        port=number,
        error=error,
        holder=holder,
        ours=ours,
    )
    return check_port(facts)


def test_ports() -> None:
    holds(port(), Verdict.FINE, "127.0.0.1:8080 is free.")
    holds(port(0), Verdict.FINE, "A free one")
    holds(port(error="Address already in use", ours=True), Verdict.FINE, "held by the server that runs")
    taken = port(error="Address already in use", holder="nginx (process 812)")
    holds(taken, Verdict.MEND, "held by nginx (process 812). Stop that, or change port of [server].")
    holds(port(error="Address already in use", holder=SYSTEMD), Verdict.FINE, "held by systemd")
    holds(port(80, error="Permission denied"), Verdict.MEND, "can't be listened on: Permission denied. Stop that")


def test_open_files() -> None:
    server = FileFacts(20_000, 10_000, 10_000, server=True)
    holds(check_files(server), Verdict.FINE, "20000, of the running server: room for max_readers = 10000")
    shell = FileFacts(1_024, 10_000, 660, server=False)
    holds(check_files(shell), Verdict.MEND, "1024, of this shell, since no server says its own: room for 660 readers")


def test_files_in_the_data_folder_that_are_not_the_servers() -> None:
    holds(check_owner(OwnerFacts(folder="/d")), Verdict.UNSEEN, "isn't there yet")
    holds(
        check_owner(OwnerFacts(folder="/d", owner="moothall")), Verdict.FINE, "All that is in /d belongs to moothall."
    )
    holds(
        check_owner(OwnerFacts(folder="/d", owner="moothall", strangers=2, first="/d/moothall.sqlite")),
        Verdict.MEND,
        "/d/moothall.sqlite, 2 in all. The server can't write that. `chown -R moothall: /d` gives it back.",
    )


def test_the_second_list_of_removals() -> None:
    holds(check_removals(RemovalsFacts(path="")), Verdict.UNSEEN, "in the data folder alone")
    holds(check_removals(RemovalsFacts(path="/b/l")), Verdict.FINE, "/b/l can be written.")
    holds(check_removals(RemovalsFacts(path="/b/l", same_disk=True)), Verdict.FINE, "on the disk of the data")
    holds(
        check_removals(RemovalsFacts(path="/b/l", error="Read-only file system")),
        Verdict.MEND,
        "Nothing can be removed",
    )


def test_the_disk() -> None:
    good = DiskFacts(folder="/data", free=40 * GIGABYTE, sync_ms=1.0, bytes_s=200.0 * MEGABYTE)
    holds(check_room(good), Verdict.FINE, "40.0 GB are free below /data.")
    holds(check_sync(good), Verdict.FINE, "1.0 ms, and 200 MB/s")
    full = DiskFacts(folder="/data", free=GIGABYTE, sync_ms=SLOW_SYNC_MS + 1, bytes_s=200.0 * MEGABYTE)
    holds(check_room(full), Verdict.MEND, "Make room")
    holds(check_sync(full), Verdict.MEND, "quicker disk")
    holds(check_sync(DiskFacts(folder="/data", sync_ms=1.0, bytes_s=1.0)), Verdict.MEND, "quicker disk")
    holds(check_sync(DiskFacts(folder="/data", network="nfs4")), Verdict.MEND, "on nfs4")
    shut = DiskFacts(folder="/data", error="Permission denied")
    holds(check_room(shut), Verdict.MEND, "can't be written to: Permission denied")
    holds(check_sync(shut), Verdict.UNSEEN, "Nothing could be written")


def test_memory() -> None:
    need = BASE_MEMORY + 2 * ENGINE_MEMORY + TRANSLATORS_MEMORY
    holds(check_memory(MemoryFacts(available=need, engines=2, translators=True)), Verdict.FINE, "about 2.9 GB")
    holds(check_memory(MemoryFacts(available=need - 1, engines=2, translators=True)), Verdict.MEND, "fewer engines")
    holds(check_memory(MemoryFacts(available=BASE_MEMORY, engines=9, running=True)), Verdict.FINE, "beside the server")
    holds(check_memory(MemoryFacts(available=1, running=True)), Verdict.MEND, "Stop other programs")
    holds(check_memory(MemoryFacts(available=None)), Verdict.UNSEEN, "doesn't say")


def test_the_clock() -> None:
    holds(check_clock(ClockFacts(synchronised=True)), Verdict.FINE, "It is synchronised.")
    holds(check_clock(ClockFacts(synchronised=True, off_ms=0)), Verdict.FINE, "says the same time")
    holds(check_clock(ClockFacts(synchronised=None, off_ms=-WRONG_CLOCK_MS)), Verdict.FINE, "It is right.")
    holds(check_clock(ClockFacts(synchronised=True, off_ms=7_200_000)), Verdict.MEND, "7200 s ahead of")
    holds(check_clock(ClockFacts(synchronised=True, off_ms=-5_000)), Verdict.MEND, "5 s behind")
    holds(check_clock(ClockFacts(synchronised=False, off_ms=0)), Verdict.MEND, "Nothing keeps it right")
    holds(check_clock(ClockFacts(synchronised=None)), Verdict.UNSEEN, "doesn't say")
