"""A hall in memory whose sessions are translated by translators that echo, for tests of translation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.translation.text_translation import TextTranslation
from moothall.services.translation.translating import Translating
from moothall.services.translation.translators import Translators
from moothall.services.translation.work import TermsOf
from moothall.testing.outlets import MemoryOutlet
from moothall.testing.translator_link import EchoEnd
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

ES, PT, FR = ChannelId("mt-es"), ChannelId("mt-pt"), ChannelId("mt-fr")
ENGINE = Actor(Role.ENGINE, "e")
CAPTIONER = Actor(Role.CAPTIONER, "c1")


class Translated:
    """A session, and the contents of its translations."""

    def __init__(self, hall: MemoryHall, live: LiveSession, translating: Translating, translators: Translators) -> None:
        self.hall, self.live = hall, live
        self.translating, self.translators = translating, translators
        self.signals: list[AnySignal] = []
        live.writer.listen(lambda publication: self.signals.extend(publication.signals))
        self._done = 0

    async def do(self, *commands: do.AnyCommand, actor: Actor = SYSTEM) -> None:
        self._done += 1
        name = CommandId(f"t{self.live.writer.offset}-{self._done}")  # another life goes on with other names
        answer = await self.live.writer.send(actor, name, commands)
        assert isinstance(answer, Receipt), answer

    async def says(self, name: str, text: str, language: str = "en") -> None:
        """Write a line, as a captioner."""
        line = do.TypeSegment(channel=FLOOR, segment=SegmentId(name), text=text, language=language)
        await self.do(line, actor=CAPTIONER)

    async def corrects(self, name: str, text: str, revision: int = 0, channel: ChannelId = FLOOR) -> None:
        line = do.CorrectSegment(
            channel=channel, segment=SegmentId(name), base_revision=revision, base_words=0, text=text
        )
        await self.do(line, actor=CAPTIONER)

    def lines(self, channel: ChannelId) -> dict[str, str]:
        """Return the lines of a translation by the ids of their sources, in order of time."""
        found = [
            line
            for _, line in self.live.state.segments.items()
            if line.channel == channel and line.made_from is not None and not line.gone
        ]
        found.sort(key=lambda line: (line.t0, line.id))
        return {line.made_from.sources[0].segment: line.whole for line in found if line.made_from is not None}

    async def comes(self, condition: Callable[[], bool], within: float = 60) -> float:
        """Wait until `condition` holds; returns the seconds that it took."""
        began = self.hall.clock.monotonic()
        while not condition():
            waited = (self.hall.clock.monotonic() - began) / 1000
            assert waited < within, [self.lines(channel) for channel in (ES, PT)]
            await self.hall.clock.sleep(5)
        return (self.hall.clock.monotonic() - began) / 1000

    async def reads(self, channel: ChannelId) -> Callable[[], None]:
        """Subscribe a reader to a translation; returns the function that ends the subscription."""
        subscription = await self.live.fanout.subscribe(MemoryOutlet(), Feed(channel), Format.SSE, None)
        return lambda: self.live.fanout.unsubscribe(subscription)  # type: ignore[arg-type]

    def connect(self, end: EchoEnd | None = None) -> EchoEnd:
        """Connect translators; returns their end of the link."""
        made = end or EchoEnd()
        assert self.hall.group is not None
        self.hall.group.create_task(self.translators.serve(made.server))
        self.hall.group.create_task(made.run())
        self.hall.links.append(made)  # type: ignore[arg-type]
        return made


@asynccontextmanager
async def translated_hall(
    hall: MemoryHall | None = None,
    *,
    of_record: Sequence[str] = ("en", "es", "pt"),
    languages: tuple[str, ...] = ("en",),
    terms: TermsOf | None = None,
    access: ev.Access = ev.Access.PUBLIC,
    young_people: bool = False,
) -> AsyncIterator[Translated]:
    """Run an open session, with no translator connected."""
    async with memory_hall(hall) as made:
        translators = Translators()
        texts = TextTranslation(translators, ())
        more = {} if terms is None else {"terms": terms}
        translating = Translating(made.sessions, translators, texts, of_record=of_record, clock=made.clock, **more)
        task = asyncio.ensure_future(translating.run())
        live = await made.sessions.find(SESSION) or await made.session(
            languages=languages, access=access, young_people=young_people
        )
        on = Translated(made, live, translating, translators)
        if live.state.status == "created":
            await on.do(do.OpenSession())
        try:
            yield on
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def added(on: Translated) -> dict[str, bool]:
    """Return the session's translations, and whether they are of record."""
    channels = on.live.state.channels.values()
    return {each.id: each.of_record for each in channels if each.kind is ev.ChannelKind.TRANSLATION}
