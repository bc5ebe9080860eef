"""The house of the proof by faults: nodes, a Valkey or Redis, a hub, an engine, and links that can be cut in one
direction.

    each node → a link of its own → Valkey or Redis
    all other nodes → a link → each node (the address that it announces)
    hub → a link → the last node             engine → the first node

Visitors reach the nodes directly.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from cluster_engine import EngineProcess, engine_at, tokens
from cluster_hub import hub_through
from cluster_person import now
from cluster_spans import SECRET
from cluster_speech import sounds_in
from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.store.book_sqlite import FILE_NAME as BOOK
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.cluster.two_books import NOTES
from soak_house import LinkedHub
from support.cluster.nodes import NodeProcess, Prepared, prepared
from support.cluster.process import RedisProcess
from support.halls.process import free_port
from support.links.weak_link import WeakLink, weak_link_to

LOOK_S = 0.1
STARTED_S = 20.0
FULL_BYTES = 4_096
"""The limit of a file's size on a full disk, in bytes: each file that is written is larger already."""


class ValkeyProcess(RedisProcess):
    """A Valkey that writes its log into a file, so that it can run for hours without a reader of its output."""

    def start(self) -> None:
        """Start Valkey; returns when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.rglob("temp-*"):  # As docs/reference/redis.md has its operator do.
            left.unlink()
        self._process = subprocess.Popen(
            [
                *(f"{self.program}-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--rdbcompression", "no"),
                *("--enable-debug-command", "yes", "--logfile", str(self.folder.parent / "valkey.log")),
                *self.options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        until = now() + STARTED_S
        while now() < until:
            with suppress(redis.RedisError):
                if self.ask("PING"):
                    return
            time.sleep(0.02)
        raise AssertionError((self.folder.parent / "valkey.log").read_text()[-2_000:])

    def begin(self, *command: str | int) -> None:
        """Send a command without waiting for an answer."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(" ".join(map(str, command)).encode() + b"\r\n")

    def has_older(self, copy: Path) -> bool:
        """Copy the append-only file, for a later start from it; returns whether the copy is complete."""
        if b"aof_rewrite_in_progress:0" not in self.info("persistence"):
            return False
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        return b"aof_rewrite_in_progress:0" in self.info("persistence")

    def info(self, section: str) -> bytes:
        """Return a section of INFO, as Valkey sends it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=STARTED_S) as connection:
            connection.sendall(f"INFO {section}\r\n".encode())
            with connection.makefile("rb") as answer:
                return answer.read(int(answer.readline()[1:]))


def clock_library() -> Path | None:
    """Return the path of libfaketime, with which one process' wall clock can jump; None when it is not installed."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


class Node(NodeProcess):
    """A node, and the links to it."""

    to_valkey: WeakLink
    from_other: WeakLink

    def have_clock(self, library: Path) -> None:
        """Give the node a wall clock of its own from its next start on. Its monotonic clock stays the machine's."""
        self._jump = self.config.with_suffix(".clock")
        self.jump(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._jump),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, seconds: float) -> None:
        """Set the offset of the node's wall clock from the machine's; it takes effect within a second."""
        self._jump.write_text(f"{seconds:+.3f}\n")

    def disk_full(self, *, full: bool) -> None:
        """Keep the node's files from growing, or let them grow again."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (FULL_BYTES if full else most, most))

    def wipe(self) -> None:
        """Delete the node's data folder; call it while the node is down."""
        shutil.rmtree(self.data)

    def book(self) -> Mapping[str, Mapping[str, bytes]]:
        """Return the entries of the node's own book by namespace, without its notes on the shared book."""
        found: dict[str, dict[str, bytes]] = {}
        with closing(sqlite3.connect(f"file:{self.data / BOOK}?mode=ro", uri=True)) as connection:
            for namespace, key, body in connection.execute("SELECT namespace, key, body FROM entry ORDER BY rowid"):
                found.setdefault(namespace, {})[key] = body
        found.pop(NOTES, None)
        return found


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a house consists of."""

    nodes: int = 2
    server: str = "valkey"
    """`valkey` or `redis`."""
    clocks: bool = False
    """Whether nodes have wall clocks of their own, which slow them down."""
    one_copy: bool = False
    """Whether the house continues with one copy while Valkey is away."""
    hub: bool = False
    """Whether a hub follows the house through the last node."""
    seed: int | None = None
    """The seed of the script of an engine that dials the first node; None: there is no engine."""


@dataclass(eq=False)
class FaultyHouse:
    """Nodes that run one house on one Valkey or Redis, which is called Valkey here either way."""

    folder: Path
    nodes: tuple[Node, ...]
    valkey: ValkeyProcess
    planned: Prepared
    hub: LinkedHub | None = None
    engine: EngineProcess | None = None

    async def keeper(self) -> Node | None:
        """Return the node that keeps the house according to both Valkey and itself; None when none does
        or Valkey doesn't answer.
        """
        held = await self._asked("HGET", "moothall:house", "node")
        found = next((node for node in self.nodes if node.name.encode() == held), None)
        return found if found is not None and found.keeps else None

    async def until_kept(self, within_s: float, *, by: Node | None = None) -> Node | None:
        """Wait until a node, or `by`, keeps the house; returns it, or None after `within_s` seconds."""
        until = now() + within_s
        while now() < until:
            found = await self.keeper()
            if found is not None and by in (None, found):
                return found
            await asyncio.sleep(LOOK_S)
        return None

    def others(self, node: Node) -> Sequence[Node]:
        """Return the nodes that aren't `node`."""
        return [each for each in self.nodes if each is not node]

    async def _asked(self, *command: str) -> bytes | None:
        def ask() -> bytes | None:
            with redis.Redis(port=self.valkey.port, socket_timeout=1, socket_connect_timeout=1) as client:
                found = client.execute_command(*command)
                return found if isinstance(found, bytes) else None

        try:
            return await asyncio.to_thread(ask)
        except redis.RedisError:
            return None

    async def stream(self) -> Sequence[LogRecord] | None:
        """Return the session's log in Valkey; None when it can't be read now."""
        server = self.valkey.reached(answer_s=20.0, connect_s=5.0)
        try:
            return await RedisLog(server, "proof").read(self.planned.session, 0, 10_000_000)
        except StorageUnavailable:
            return None
        finally:
            await server.close()

    async def shared_book(self) -> Mapping[str, Mapping[str, bytes]] | None:
        """Return the book in Valkey, in the form of `Node.book`; None when it can't be read now."""
        server = self.valkey.reached(answer_s=20.0, connect_s=5.0)
        try:
            book = RedisBook(server, "proof")
            return {name: dict(await book.read(name)) for name in await book.namespaces()}
        except StorageUnavailable:
            return None
        finally:
            await server.close()

    async def erased(self, within_s: float) -> bool:
        """Wait until Valkey has rewritten its files since the last removal; returns False after `within_s` seconds."""
        until = now() + within_s
        while now() < until:
            asked, done = [await self._asked("HGET", "moothall:erasures", name) for name in ("asked", "done")]
            if asked is None or (done is not None and int(done) >= int(asked)):
                return True
            await asyncio.sleep(LOOK_S)
        return False

    def holding(self, words: Collection[bytes], sounds: frozenset[int] = frozenset()) -> list[str]:
        """Return the files of nodes, hub, engine and Valkey, logs included, that contain one of `words` or `sounds`.

        `words` have the form `SECRET`. `sounds`: sizes of samples (`sounds_of`).
        """
        found, wanted = [], frozenset(words)
        paths = [*self.valkey.folder.rglob("*"), *self.folder.glob("*.log")]
        for node in self.nodes:
            paths += node.data.rglob("*")
        if self.hub is not None:
            paths += self.hub.process.data.rglob("*")
        for path in paths:
            with suppress(FileNotFoundError):
                if path.is_file() and _holds(path.read_bytes(), wanted, sounds):
                    found.append(str(path.relative_to(self.folder)))
        return sorted(found)


def _holds(data: bytes, words: frozenset[bytes], sounds: frozenset[int]) -> bool:
    return not words.isdisjoint(SECRET.findall(data)) or bool(sounds and sounds & sounds_in(data))


@asynccontextmanager
async def faulty_house(folder: Path, shape: Shape = Shape()) -> AsyncIterator[FaultyHouse]:
    """Run all of a house; the first node keeps it."""
    async with AsyncExitStack() as stack:
        valkey = ValkeyProcess(shape.server, folder / "valkey")
        await asyncio.to_thread(valkey.start)
        stack.callback(valkey.kill)
        engines = free_port(220)
        nodes = [await _node(stack, valkey, shape, number, engines) for number in range(1, shape.nodes + 1)]
        first = nodes[0]
        planned = await prepared(first.data)
        house = FaultyHouse(folder, tuple(nodes), valkey, planned)
        for node in nodes:
            stack.push_async_callback(_ended, node)
        await first.start()
        await first.until("keeps the house")
        for node in nodes[1:]:
            node.sign_like(first)
            await node.start()
        if shape.hub:
            house.hub = await stack.enter_async_context(hub_through(folder, nodes[-1].port, planned.words))
        if shape.seed is not None:
            house.engine = await stack.enter_async_context(engine_at(folder, engines, shape.seed))
        yield house


async def _node(stack: AsyncExitStack, valkey: ValkeyProcess, shape: Shape, number: int, engines: int) -> Node:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    to_valkey = await stack.enter_async_context(weak_link_to(valkey.port))
    host = f"127.0.0.{number}"  # Engines' connections are passed on to the keeper's host, at the same port.
    from_other = await stack.enter_async_context(weak_link_to(port, host=host))
    folder, names = valkey.folder.parent, [f"n{n}" for n in range(1, shape.nodes + 1)]
    node = Node(
        folder,
        number,
        to_valkey.port,
        port=port,
        known_at=from_other.address,
        more=f'one_copy = "allow"\nnodes = {names}\n' if shape.one_copy else "",
        engines=""
        if shape.seed is None
        else f'listen_host = "{host}"\nlisten_port = {engines}\ntokens = "{tokens(folder)}"',
    )
    node.to_valkey, node.from_other = to_valkey, from_other
    library = clock_library() if shape.clocks else None
    if library is not None:
        node.have_clock(library)
    return node


async def _ended(node: Node) -> None:
    with suppress(ProcessLookupError, TimeoutError):
        async with asyncio.timeout(15):
            await node.stop()
            return
    await node.kill()
