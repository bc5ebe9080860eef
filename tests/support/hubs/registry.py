"""A registry of hubs around sessions in memory, for tests of services."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from moothall.core.commands import AnyCommand
from moothall.core.hubs.entry import Details, Hub
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.hubs.pairing import PairingWords
from moothall.services.hubs.registry import Hubs
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.role_links import RoleLinks
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from support.memory.hall import MemoryHall, memory_hall


class Registry:
    """The registry, and the services on which it depends."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.clock = hall.clock
        self.book = MemoryBook()
        self.told: list[tuple[object, ...]] = []
        self.refuses: Refusal | None = None
        """The answer of the callback for head counts."""
        self.randomness = SeededRandomness(7)

    async def open(self) -> None:
        """Load everything from the book, as a starting server does."""
        self.links = RoleLinks(book=self.book, clock=self.clock, randomness=self.randomness)
        self.hubs = Hubs(
            book=self.book, sessions=self.hall.sessions, links=self.links, clock=self.clock, randomness=self.randomness
        )
        self.pairing = PairingWords(self.hubs, self.links, book=self.book, clock=self.clock, randomness=self.randomness)
        await self.links.load()
        await self.hubs.load()
        await self.pairing.load()
        self.hubs.when_fenced(lambda *told: self.told.append(("fenced", *told)))
        self.hubs.when_seen(lambda *told: self.told.append(("seen", *told)))
        self.hubs.when_counted(self._counted)
        self.hubs.when_retitled(lambda *told: self.told.append(("retitled", *told)))
        self.hubs.when_removed(lambda name: self.told.append(("removed", name)))

    async def _counted(self, *told: object) -> Refusal | None:
        self.told.append(("counted", *told))
        return self.refuses

    async def kisumu(self) -> Hub:
        """Make the hub that most tests use."""
        made = await self.hubs.add("Kisumu Library", Details(city="Kisumu", coordinator="Ms. Achieng"))
        assert isinstance(made, tuple), made
        return made[0]

    async def do(self, session: SessionId, act: str, *commands: AnyCommand) -> None:
        """Carry out commands in a session."""
        live = await self.hall.sessions.open(session)
        assert isinstance(await live.writer.send(SYSTEM, CommandId(act), commands), Receipt)


def with_registry(act: Callable[[Registry], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Return a test that gets a registry, on a loop whose clock jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            registry = Registry(hall)
            await registry.open()
            await act(registry)

    return lambda: run(within())
