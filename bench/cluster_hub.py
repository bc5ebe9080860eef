"""The hub of the proof by faults: a `moothall hub` that follows the house through one node, whoever keeps it; somebody
who asks in its room; and the comparison of its copy with the log.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cluster_history import Wrong
from cluster_person import Person
from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import SessionId
from moothall_hub.app import COPIES
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.mirror.mirror import Mirror
from soak_house import LinkedHub
from soak_rooms import AskerAtHub
from support.halls.process import free_port
from support.hubs.processes import HubProcess
from support.links.weak_link import weak_link_to

WHOLE_S = 90.0
"""Seconds in which a hub must have everything: it may wait a minute before it dials again."""
LOOK_S = 0.3
MOST = 10_000_000


@asynccontextmanager
async def hub_through(folder: Path, port: int, words: str) -> AsyncIterator[LinkedHub]:
    """Run a hub that is paired by `words` with the house, through the node at `port`; its data is in `folder`."""
    async with weak_link_to(port) as link:
        process = HubProcess(folder / "hub", free_port(hash(str(folder)) & 0xFF))
        await process.pair(link.address, words)
        await process.start()
        try:
            await process.until_uplink("good")
            yield LinkedHub(process, link)
        finally:
            with suppress(ProcessLookupError):
                await process.kill()


class RoomAsker(Person):
    """A person who asks in the hub's room; the hub's coordinator lets questions through unread."""

    def __init__(self, hub: LinkedHub, session: SessionId, *, every_s: float, chance: random.Random) -> None:
        super().__init__(every_s, chance)
        self.asked: list[str] = []
        """Texts of the questions that the hub has accepted."""
        self._asker = AskerAtHub(hub.process, chance)
        self._session = session

    async def once(self) -> None:
        """Ask a question."""
        text = f"Question {len(self.asked) + 1} of the hub's room: what of {secrets.token_hex(4)}?"
        if await self._asker.ask(self._session, text):
            self.asked.append(text)
        else:
            self.wrong.say("other", "a question was not accepted at the hub")


async def hub_against(
    hub: HubProcess, session: SessionId, records: Callable[[SessionId], Sequence[LogRecord]], public: int
) -> Wrong:
    """Check that the hub's copy has all events of its lanes as the log has them, at least up to offset `public`;
    returns how it differs once `WHOLE_S` have passed.

    `records`: reads the log, which may grow meanwhile.
    """
    until = asyncio.get_running_loop().time() + WHOLE_S
    mirror = await Mirror.open(hub.data / COPIES)
    try:
        while True:
            wrong = await _against(mirror, session, records, public)
            if not wrong or asyncio.get_running_loop().time() > until:
                return wrong
            await asyncio.sleep(LOOK_S)
    finally:
        await mirror.close()


async def _against(
    mirror: Mirror, session: SessionId, records: Callable[[SessionId], Sequence[LogRecord]], public: int
) -> Wrong:
    wrong = Wrong()
    copy = await mirror.copy(session) or SessionCopy(session=session)
    if copy.broken is not None:
        wrong.say("other", f"the hub says that its copy is broken: {copy.broken}")
    elif copy.known is None or not copy.whole or copy.offset < public:
        wrong.say("other", f"the hub has events up to {copy.offset} (whole: {copy.whole}), and not up to {public}")
    else:
        held = {each.header.offset: each for each in await mirror.read(session, 0, MOST, copy.known.lanes)}
        log = await asyncio.to_thread(records, session)  # after the hub's copy, which has nothing that isn't in it
        wanted = {each.header.offset: each for each in log if each.header.lane in copy.known.lanes}
        for offset in wanted:
            if offset <= copy.offset and offset not in held:
                wrong.say("lost", f"event {offset}, at the hub")
        for offset, record in held.items():
            if wanted.get(offset) != record:
                wrong.say("other", f"event {offset} differs at the hub")
    return wrong
