"""The readers of bench/cached_feed.py: any number in one process, each with its own schedule and its own entity tag.

Each reader asks for the contents every five seconds, sends the tag of the contents that it has, and asks for the pages
that it lacks, as `moothall.wire.cached_feed.CachedText` determines. Which pages are missing is computed once for all
readers that change between the same two contents. Readers share connections that stay open, one request at a time on
each.
"""

from __future__ import annotations

import copy
import heapq
import random
import re
import select
import socket
import time
from collections import Counter, deque

import msgspec

from moothall.wire.cached_feed import CachedText, tag

_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)", re.IGNORECASE)
_TAG = re.compile(rb"\r\netag: (?:W/)?\"([^\"]+)\"", re.IGNORECASE)
_CHANCE = random.Random(1)  # noqa: S311  # when readers ask
SAID_MS = 200
"""How long before its end a line of bench/floor_hall.py was said, in ms."""


class Reader:
    """One reader of the crowd."""

    __slots__ = ("asks", "due", "tag")

    def __init__(self, due: float) -> None:
        self.due = due
        """When the reader asks next, by perf_counter, in s."""
        self.tag = b""
        """The tag of the contents that the reader has; empty for a reader that has just joined."""
        self.asks = 0
        """The number of pages that the reader still waits for."""

    def __lt__(self, other: Reader) -> bool:
        return self.due < other.due


class _Connection:
    __slots__ = ("data", "reader", "sock", "want")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.data = b""
        self.reader: Reader | None = None
        self.want = ""
        """The page that was requested; empty for the contents."""


class Crowd:
    """All readers. Call `run` for some seconds, then read the counts."""

    def __init__(self, port: int, path: str, readers: int, *, every: float, connections: int, joins: float) -> None:
        """`joins`: how many readers a second leave, each replaced by a reader that has nothing yet."""
        self._path, self._every, self._joins = path, every, joins / max(1, readers) * every
        now = time.perf_counter()
        self._readers = [Reader(now + every * n / readers) for n in range(readers)]
        heapq.heapify(self._readers)
        self._poll = select.epoll()
        self._by_file: dict[int, _Connection] = {}
        self._free: deque[_Connection] = deque()
        for _ in range(connections):
            made = _Connection(port)
            self._by_file[made.sock.fileno()] = made
            self._poll.register(made.sock, select.EPOLLIN)
            self._free.append(made)
        self._waiting: deque[tuple[Reader, str]] = deque()
        # What a reader has, by the tag of its contents.
        self._had: dict[bytes, CachedText] = {b"": CachedText()}
        self._change: dict[tuple[bytes, bytes], tuple[list[str], list[float]]] = {}
        self._begun = False
        self.counts: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        """Bytes of answers, headers included: of contents, and of pages."""
        self.delay: list[float] = []
        """Times from when a line was said until a reader had it, in s."""
        self.late: list[float] = []
        """How much later than planned readers asked, in s."""

    def know(self, text: CachedText, contents: bytes) -> None:
        """Give all readers the text that belongs to these contents, as if they had read until now."""
        name = tag(contents).encode()
        self._had[name] = text
        for reader in self._readers:
            reader.tag = name

    def begin(self) -> None:
        """Reset the counts."""
        self.counts.clear()
        self.bytes.clear()
        self.delay, self.late, self._begun = [], [], True

    def run(self, seconds: float) -> None:
        """Ask and read for `seconds`."""
        until = time.perf_counter() + seconds
        while (now := time.perf_counter()) < until:
            while self._free and (self._waiting or self._readers[0].due <= now):
                if self._waiting:
                    self._ask(*self._waiting.popleft())
                    continue
                reader = self._readers[0]
                self.late.append(now - reader.due)
                reader.due += self._every * _CHANCE.uniform(0.9, 1.1)
                heapq.heapreplace(self._readers, reader)
                if reader.asks:
                    self.counts["still reading"] += 1
                    continue
                if _CHANCE.random() < self._joins:
                    reader.tag = b""
                self._ask(reader, "")
            wait = 0.005 if not self._readers else min(0.005, max(0.0, self._readers[0].due - now))
            for file, _ in self._poll.poll(wait, 256):
                self._read(self._by_file[file])

    def close(self) -> None:
        """Close all connections."""
        for each in self._by_file.values():
            each.sock.close()

    def _ask(self, reader: Reader, page: str) -> None:
        connection = self._free.popleft()
        connection.reader, connection.want = reader, page
        known = b'If-None-Match: "%b"\r\n' % reader.tag if reader.tag and not page else b""
        path = f"{self._path}/{page}" if page else self._path
        connection.sock.send(b"GET %b HTTP/1.1\r\nHost: hall.example.org\r\n%b\r\n" % (path.encode(), known))

    def _read(self, connection: _Connection) -> None:
        data = connection.data = connection.data + connection.sock.recv(1 << 18)
        if not data:
            raise ConnectionError("The cache has hung up.")
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return
        head, body = data[: end + 2], data[end + 4 :]
        found = _STATUS.match(head)
        status = int(found[1]) if found else 0
        length = _LENGTH.search(head)
        if status != 304 and length is not None and len(body) < int(length[1]):
            return
        reader, connection.data, connection.reader = connection.reader, b"", None
        self._free.append(connection)
        assert reader is not None
        kind = "page" if connection.want else "contents"
        self.counts[kind] += 1
        self.bytes[kind] += len(data)
        self.counts[f"{'page ' if connection.want else ''}{status}"] += 1
        if connection.want:
            self._page(reader, connection.want, status, body)
        elif status == 200:
            self._contents(reader, head, body)

    def _contents(self, reader: Reader, head: bytes, body: bytes) -> None:
        found = _TAG.search(head)
        new = b"" if found is None else found[1]
        pair = (reader.tag, new)
        if pair not in self._change:
            if tag(body).encode() != new:
                self.counts["broken"] += 1
            text = copy.deepcopy(self._had.get(reader.tag) or CachedText())
            before = {line.segment for line in text.lines} if text.whole else set()
            missing = text.take(body)
            assert text.contents is not None
            said = [
                ((text.contents.opened or 0) + line.t1 - SAID_MS) / 1_000
                for line in text.contents.lines
                if before and line.segment not in before
            ]
            self._change[pair] = (missing, said)
            if text.whole:
                self._had[new] = text
            elif new not in self._had:
                self._had[new] = text  # The first reader that gets a missing page fills it in.
            for old in list(self._had)[1:-40]:
                del self._had[old]
        missing, said = self._change[pair]
        now = time.time_ns() / 1e9
        self.delay += [now - at for at in said]
        reader.tag, reader.asks = new, len(missing)
        self._waiting.extend((reader, name) for name in missing)

    def _page(self, reader: Reader, name: str, status: int, body: bytes) -> None:
        reader.asks -= 1
        if status != 200:
            reader.tag = b""  # The page has been replaced; the next contents name its successor.
            return
        if not name.endswith(tag(body)):
            self.counts["broken"] += 1
        text = self._had.get(reader.tag)
        if text is not None and not text.whole:
            text.fill(name, body)


def lines_of(text: CachedText) -> list[tuple[str, str]]:
    """Return the lines that a reader has: names and texts."""
    return [(str(line.segment), line.text) for line in text.lines]


def record_lines(body: bytes) -> list[tuple[str, str]]:
    """Return the finished lines of a record in JSON, in the same form."""
    record = msgspec.json.decode(body)
    return [(line["id"], line["text"]) for line in record["lines"] if line["t1"] is not None]
