"""The commands of a hub: run it until it is stopped, pair it, make a link, and say with which meeting it is paired."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from moothall.adapters.operation.service_manager import ServiceManager, handed_listener
from moothall.adapters.pages.qr import qr_terminal
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL
from moothall_hub.app import BOOK, RunningHub, hold_hub_folder, hub
from moothall_hub.mirror.damaged import CopiesDamaged
from moothall_hub.pairing.pairing import PROBLEMS, Pairing, PairingFailure, Pairings, pair
from moothall_hub.settings import HubSettings

logger = logging.getLogger(__name__)

COORDINATOR = "Coordinator"
DEMO_FILE = "demo-hub.json"
"""The file that a demo writes into its data folder, for a hub that is started beside it."""


class DemoPairing(msgspec.Struct, frozen=True):
    """The content of `DEMO_FILE`: the demo's address and six words for pairing."""

    address: str
    words: str


async def run_hub(settings: HubSettings, *, code: bool = False, beside: Path | None = None) -> None:
    """Run a hub until this task is cancelled. Raises ConfigurationError when it cannot start.

    `code` prints the address as a QR code. `beside` is the data folder of a demo with which the hub is paired.
    """
    # Both are passed to the process only once, and a hub that restarts after damage needs them again.
    manager, handed = ServiceManager(os.environ, SystemClock(), os.getpid()), handed_listener(os.environ, os.getpid())
    while True:
        try:
            async with hub(settings, listener=handed and handed.dup()) as running:
                if beside is not None:
                    await pair_beside(running, beside)
                # A hub beside a demo is no service, its link opens nothing from elsewhere, and whoever pipes what it
                # prints has to get in.
                await _tell(running, code=code, piped=beside is not None and settings.host == "127.0.0.1")
                manager.tell("READY=1")
                await manager.run()
                await asyncio.Event().wait()
        except* CopiesDamaged:
            logger.error("the file of the copies is damaged; the hub restarts without it")


async def pair_folder(settings: HubSettings, address: str, words: str) -> Pairing | PairingFailure:
    """Pair the hub of a data folder while it does not run. Raises ConfigurationError, StorageUnavailable."""
    async with _book(settings) as book:
        pairings = await Pairings.load(book, SystemRandomness())
        done = await pair(address, words, pairings.node)
        if isinstance(done, Pairing):
            await pairings.keep(done)
        return done


async def new_link(settings: HubSettings) -> str:
    """Return a new link for the coordinator of a hub that does not run; the old one ends. Raises as `pair_folder`."""
    async with _book(settings) as book:
        links = RoleLinks(book=book, clock=SystemClock(), randomness=SystemRandomness())
        await links.load()
        token = await coordinators_link(links, new=True)
        host = settings.public_name or "localhost"
        where = host if ":" in host else f"{host}:{settings.port}"
        return f"http://{where}/enter/{token}"


async def paired_as(settings: HubSettings) -> Pairing | None:
    """Return the pairing of the hub of a data folder; None where it is not paired. Raises as `pair_folder`."""
    if not (Path(settings.data) / BOOK).exists():
        return None
    async with _book(settings) as book:
        return (await Pairings.load(book, SystemRandomness())).now


async def coordinators_link(links: RoleLinks, *, new: bool) -> str | None:
    """Return the token of the coordinator's link; None where there is a link already and no `new` one is wanted."""
    known = next((staff for staff in links.list() if staff.role is Role.HUB), None)
    if known is None:
        _, token = await links.create(Role.HUB, HALL, COORDINATOR)
        return token
    return await links.replace(known.link) if new else None


@asynccontextmanager
async def _book(settings: HubSettings) -> AsyncIterator[SqliteBook]:
    with hold_hub_folder(Path(settings.data)):
        book = await SqliteBook.open(Path(settings.data) / BOOK)
        try:
            yield book
        finally:
            await book.close()


async def pair_beside(running: RunningHub, folder: Path) -> None:
    """Pair a hub, unless it is paired, with the demo whose data folder is `folder`. Raises ConfigurationError."""
    if running.parts.pairings.now is not None:
        return
    path = folder / DEMO_FILE
    try:
        found = read_json(path.read_bytes(), DemoPairing)
    except (OSError, Unreadable) as error:
        msg = (
            f"There is no demo to be paired with: {path} can't be read. Start 'make demo' first, and leave it running."
        )
        raise ConfigurationError(msg) from error
    done = await running.parts.pair(found.address, found.words)
    if isinstance(done, PairingFailure):
        raise ConfigurationError(PROBLEMS[done])


async def _tell(running: RunningHub, *, code: bool, piped: bool) -> None:
    """Print the readers' addresses, and for the coordinator the link or what to do."""
    addresses = running.served.told()
    if code:
        print(qr_terminal(f"{addresses[0]}/"))
    print(f"Read it at {addresses[0]}/ (Ctrl-C stops).", flush=True)
    for other in addresses[1:]:
        if "//127." not in other and "//localhost" not in other:
            print(f"      or at {other}/", flush=True)
    # Standard output that is no terminal may be a journal or a container's log, which others read.
    shown = piped or sys.stdout.isatty()
    token = await coordinators_link(running.parts.links, new=False) if shown else None
    if not shown:
        print(
            "The coordinator's link is shown in a terminal only; while no hub runs, 'moothall hub link' makes one.",
            flush=True,
        )
    elif token is None:
        print("The coordinator's link was shown at the first start; 'moothall hub link' makes another.", flush=True)
    else:
        print(f"Coordinator's link: {running.own}/enter/{token}\nOpen it once, on this computer.", flush=True)
    pairing = running.parts.pairings.now
    if pairing is None:
        print(
            "It is not connected to a meeting yet: the coordinator's link leads to the page that does it.", flush=True
        )
    else:
        print(f"It speaks for {pairing.title}, at {pairing.people}.", flush=True)
