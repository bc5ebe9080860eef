#!/usr/bin/env python3
"""A storm: every reader's connection is cut at once; how soon are all back with nothing missing?

    python bench/storm.py [--readers 6000] [--addresses 1] [--rounds 3] [--away 2] [--browsers]

The server is bench/floor_hall.py in a process on core 0: real doors, log and files, and somebody who speaks all the
time. The readers are in this process, on core 1: one loop over epoll, one connection each, from `--addresses` addresses
(127.0.x.y). They read `/events` until all have the newest text; then each connection is cut (RST), and after `--away`
seconds each reader dials again with `Last-Event-ID`, at once, or with `--browsers` within 1 to 4 s, as the stream tells
browsers to. A reader that is turned away waits as long as `Retry-After` says and comes back.

back: until a reader has had an event as new as the newest when it dialled, contiguous with what it had before the cut
(each frame's `prev` is the offset of the frame before it). It ends with 1 when a reader lost an event or was answered
that it asks too often. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import resource
import select
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from floor_people import MEETING, OTHERS_CORE, Server

ID = re.compile(rb"^id: ?([0-9a-z]+):([0-9]+)", re.MULTILINE)
PREV = re.compile(rb'"prev":([0-9]+)')
STATUS = re.compile(rb"^HTTP/1\.1 ([0-9]{3})")
RETRY = re.compile(rb"retry-after: ([0-9]+)", re.IGNORECASE)
RESET = struct.pack("ii", 1, 0)
PATIENCE_S = 60.0
WAIT = random.Random(1)  # noqa: S311  # how long browsers wait


class Reader:
    """One reader, over all its connections."""

    __slots__ = ("address", "due", "epoch", "holes", "offset", "sock", "status", "tail", "told")

    def __init__(self, address: str) -> None:
        self.address = address
        self.sock: socket.socket | None = None
        self.epoch = b""
        self.offset = -1
        """The offset of the newest event that it has received."""
        self.status = 0
        self.tail = b""
        self.due = 0.0
        """When it dials, by perf_counter in s; 0 when no dial is planned."""
        self.told: Counter[int] = Counter()
        """How often it was turned away, by status."""
        self.holes = 0

    def take(self, data: bytes) -> None:
        """Parse received data."""
        text = self.tail + data
        if not self.status:
            head, found, text = text.partition(b"\r\n\r\n")
            if not found:
                self.tail = head
                return
            match = STATUS.match(head)
            self.status = int(match[1]) if match else 599
            if self.status != 200:
                wait = RETRY.search(head)
                self.told[self.status] += 1
                self.due = time.perf_counter() + (int(wait[1]) if wait else 1)
                return
        whole, _, self.tail = text.rpartition(b"\n\n")
        for frame in whole.split(b"\n\n"):
            name, before = ID.search(frame), PREV.search(frame)
            if name is None:
                continue
            if before is not None and self.offset >= 0 and int(before[1]) > self.offset:
                self.holes += 1
            self.epoch, self.offset = name[1], max(self.offset, int(name[2]))


class Crowd:
    """All readers, on one epoll."""

    def __init__(self, port: int, many: int, addresses: int) -> None:
        self._port = port
        self._poll = select.epoll()
        self._by_file: dict[int, Reader] = {}
        self.readers = [Reader(f"127.0.{1 + n % addresses // 250}.{1 + n % addresses % 250}") for n in range(many)]

    def dial(self, reader: Reader) -> None:
        sock = reader.sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((reader.address, 0))
        sock.connect_ex(("127.0.0.1", self._port))
        reader.status, reader.tail, reader.due = 0, b"", 0.0
        self._by_file[sock.fileno()] = reader
        self._poll.register(sock, select.EPOLLOUT)

    def cut(self, reader: Reader) -> None:
        if reader.sock is not None:
            self._by_file.pop(reader.sock.fileno(), None)
            reader.sock.close()
            reader.sock = None

    def turn(self) -> None:
        """Handle what happens on the sockets within 10 ms."""
        for file, events in self._poll.poll(0.01, 512):
            reader = self._by_file.get(file)
            if reader is None or reader.sock is None:
                continue
            if events & (select.EPOLLERR | select.EPOLLHUP):
                self._again(reader)
            elif events & select.EPOLLOUT:
                back = f"Last-Event-ID: {reader.epoch.decode()}:{reader.offset}\r\n" if reader.epoch else ""
                reader.sock.send(f"GET {MEETING}/events HTTP/1.1\r\nHost: bench\r\n{back}\r\n".encode())
                self._poll.modify(file, select.EPOLLIN)
            else:
                data = reader.sock.recv(1 << 18)
                if data:
                    reader.take(data)
                if not data or reader.due:
                    self._again(reader)

    def _again(self, reader: Reader) -> None:
        """Plan another dial of a reader that was turned away or whose connection broke."""
        self.cut(reader)
        reader.due = reader.due or time.perf_counter() + WAIT.uniform(1, 4)

    def until_back(self) -> list[float]:
        """Run until each reader has the newest text of when it first dialled; returns the
        seconds from now, for each.
        """
        start = time.perf_counter()
        newest = max((each.offset for each in self.readers), default=-1)
        missing, took = set(self.readers), list[float]()
        while missing and time.perf_counter() - start < PATIENCE_S:
            now = time.perf_counter()
            for reader in [each for each in missing if each.sock is None and each.due <= now][:400]:
                self.dial(reader)
            self.turn()
            now = time.perf_counter()
            back = [each for each in missing if each.status == 200 and each.offset > newest]
            took += [now - start] * len(back)
            missing.difference_update(back)
        return took + [PATIENCE_S] * len(missing)


def storm(crowd: Crowd, away: float, browsers: bool) -> list[float]:
    """Cut all readers, and run until they are back."""
    for reader in crowd.readers:
        crowd.cut(reader)
    until = time.perf_counter() + away
    for reader in crowd.readers:
        reader.due = until + (WAIT.uniform(1, 4) if browsers else 0)
    while time.perf_counter() < until:
        crowd.turn()
    return crowd.until_back()


async def run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        server = await Server.start(Path(folder) / "data")
        crowd = Crowd(server.port, options.readers, options.addresses)
        print(f"{options.readers} readers behind {options.addresses} addresses, load {os.getloadavg()[0]:.1f}")
        joined = crowd.until_back()
        print(f"joined in {max(joined):.1f} s; turned away {dict(told(crowd))}")
        for reader in crowd.readers:
            reader.told.clear()
        for n in range(options.rounds):
            before = (await server.figures())["cpu_s"]
            took = sorted(storm(crowd, options.away, options.browsers))
            cpu = (await server.figures())["cpu_s"] - before
            print(
                f"storm {n + 1}: half back in {took[len(took) // 2]:.2f} s, all in {took[-1]:.2f} s; "
                f"the server's CPU {cpu:.1f} s, {1e3 * cpu / len(took):.2f} ms a reader"
            )
        turned, holes = told(crowd), sum(each.holes for each in crowd.readers)
        print(f"turned away {dict(turned)}, events lost {holes}, load {os.getloadavg()[0]:.1f}")
        await server.stop()
        return 1 if holes or turned[429] else 0


def told(crowd: Crowd) -> Counter[int]:
    return sum((each.told for each in crowd.readers), Counter[int]())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=6_000)
    parser.add_argument("--addresses", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--away", type=float, default=2)
    parser.add_argument("--browsers", action="store_true")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    os.sched_setaffinity(0, {OTHERS_CORE})
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
