"""A real hub cosigns the tree of a real server over its link, and finds what the holder of the true key rewrote."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from moothall.adapters.store.signing import ed25519
from moothall.app.hall import RunningServer, hall
from moothall.core.proof.notes import read_head, read_note
from moothall.core.proof.policy import read_policy
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.hubs.node import running_hub
from support.hubs.together import Meeting, paired, until
from support.proof.ahead import AheadClock


@asynccontextmanager
async def served(data: Path, clock: AheadClock, port: int = 0) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=port, data=str(data)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings, clock=clock) as running:
        yield running


async def got(running: RunningServer, path: str) -> bytes:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}{path}") as answer:
        assert answer.status == 200, answer.status
        return await answer.read()


async def signatures(running: RunningServer) -> int:
    return len(read_note(await got(running, "/log/checkpoint")).signatures)


async def test_a_hub_cosigns_and_finds_a_history_that_was_rewritten_with_the_true_key(tmp_path: Path) -> None:
    clock, true, forged = AheadClock(), tmp_path / "true", tmp_path / "forged"
    async with running_hub(tmp_path / "hub") as hub:
        async with served(true, clock) as running:
            meeting = Meeting(running)
            await meeting.begin()
            port = int(running.address.rpartition(":")[2])
        # Whoever has key and log goes on from here in another way.
        shutil.copytree(true, forged)
        async with served(true, clock, port) as running:
            await Meeting(running).say("The truth.")
            await clock.grow(running)
            await paired(running, hub)

            async def cosigned() -> bool:
                return await signatures(running) == 2

            await until(cosigned)
            policy = read_policy(await got(running, "/log/policy"))
            note = read_note(await got(running, "/log/checkpoint"))
            assert note.signed_by(policy.witnesses["w-kisumu"], ed25519) is not None
            assert policy.quorum == "none"
            # Its book has the hub's pairing, so that the hub links again.
            shutil.copy(true / "book.sqlite3", tmp_path / "book")
        async with served(forged, clock) as running:
            await Meeting(running).say("A lie.")
            await Meeting(running).say("Another lie.")
        await forge(tmp_path / "book", forged / "book.sqlite3")
        async with served(forged, clock, port) as running:
            await clock.grow(running)

            async def stands_still() -> bool:
                # What is shown of it is stored first, and no more is signed while it is.
                return running.proof.tree.standing.behind and bool(running.proof.tree.conflicts)

            await until(stands_still)
            shown = (await got(running, "/log/conflicts")).decode()
            assert str(note).partition("\n\n")[0] in shown
            assert read_head(note.text).size > 0
            [(known, new)] = running.proof.tree.conflicts
            assert read_head(read_note(known).text) == read_head(note.text)
            assert read_head(read_note(new).text).root != read_head(note.text).root
            before = await got(running, "/log/checkpoint")
            await Meeting(running).say("More of it.")
            await clock.grow(running)
            assert await got(running, "/log/checkpoint") == before


async def forge(book: Path, into: Path) -> None:
    """The book of the true server, without its tree."""
    import sqlite3

    shutil.copy(book, into)
    connection = sqlite3.connect(into)
    with connection:
        connection.execute("DELETE FROM entry WHERE namespace GLOB 'tree*'")
    connection.close()
