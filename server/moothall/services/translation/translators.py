"""The translators that are connected, and one text after another through them, hop by hop.

A hop that is asked for twice at the same time is asked once: into Portuguese, and into Spanish through Portuguese.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError, ProtocolError
from moothall.core.translating.cache import HopCache, HopKey
from moothall.core.translating.routes import Direction
from moothall.services.metrics.measures import Durations
from moothall.services.metrics.tracing import NotTraced, Tracing
from moothall.services.supervision.pulses import Pulses
from moothall.services.supervision.waiting import Listeners
from moothall.wire import translation as wire

logger = logging.getLogger(__name__)

ANSWER_S = 150.0
"""Seconds in which nothing at all comes from a link that owes something: their own watch ends a call that hangs after
20 s, and one that loads after 120; this one is for texts that get lost there. A process that is frozen is noticed by
its pulse, much sooner. A queue that is long and goes on is no reason."""
ANSWERED = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000)
"""Edges (ms) of how long a translation takes."""
IN_FLIGHT = 16
"""Texts that one link has at a time; more wait here, which the callers bound."""


class TranslationFailed(MoothallError):
    """A text was not translated this time; it may be when it is asked for again."""


class NoTranslator(TranslationFailed):
    """Nobody is connected who can do it: it is of no use to ask before `Translators.changed` says so."""


class LinkLost(NoTranslator):
    """The translators were gone while they had the text. It may be what ended them."""


class TranslatorConnection(Protocol):
    """The link of a process with translators, over any transport."""

    @property
    def name(self) -> str:
        """For logs."""
        ...

    @property
    def own(self) -> bool:
        """Whether it is a process of the server's own, which may have every text."""
        ...

    async def receive(self) -> wire.FromTranslators | None:
        """The next message, None at the end; raises ProtocolError."""
        ...

    async def send(self, message: wire.ToTranslators) -> None:
        """Send a message; silent when the link is gone, `receive` tells."""
        ...

    def abort(self) -> None:
        """End the link at once, without waiting for the other side; `receive` then returns None."""
        ...


class _Link:
    """One connected process and what it owes."""

    def __init__(self, link: TranslatorConnection, hello: wire.TranslatorHello, *, guests: bool) -> None:
        self.link = link
        # What a process on another machine says of itself decides neither what is sent there nor how often.
        self.directions = (
            hello.directions
            if link.own
            else tuple(msgspec.structs.replace(each, remote=True, guest=guests) for each in hello.directions)
        )
        self.numbers = {direction: number for number, direction in enumerate(self.directions)}
        self.unfit: dict[int, str] = {}
        """Directions that don't work now, and why."""
        self._lacks = hello.missing
        self.room = asyncio.Semaphore(IN_FLIGHT)
        self.prepared: set[int] = set()
        self.owed: dict[int, asyncio.Future[str]] = {}
        """Bounded by IN_FLIGHT."""
        self.heard_at = 0.0
        """When something last came, or else was first owed; by the loop's clock."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What to install or to mend, in lines for the operator."""
        return (*self._lacks, *self.unfit.values())

    def set_fit(self, direction: int, unfit: str | None) -> None:
        """A direction works or, with a sentence that says why, doesn't. Raises ProtocolError for none of theirs."""
        if not 0 <= direction < len(self.directions):
            msg = f"The translators named {len(self.directions)} directions, and none has the number {direction}."
            raise ProtocolError(msg)
        self.unfit.pop(direction, None)
        if unfit is not None:
            self.unfit[direction] = unfit
        self.numbers = {each: number for number, each in enumerate(self.directions) if number not in self.unfit}


class Translators:
    """The connected translators, and the texts that wait for or are under way to each of them."""

    def __init__(
        self,
        answer_s: float = ANSWER_S,
        pulses: Pulses | None = None,
        *,
        remote_first: bool = False,
        tracing: Tracing | None = None,
    ) -> None:
        """`answer_s`: seconds without an answer after which a link is given up; `pulses`: who watches their processes,
        if anybody does. `remote_first`: those on other machines are asked too where the server's own can do
        it, by cost.
        """
        self._guests = not remote_first
        self._tracing = tracing or NotTraced()
        self._answer_s = answer_s
        self._pulses = pulses
        self._links: list[_Link] = []
        self._ids = itertools.count(1)
        self._cache = HopCache()
        self.generation = 0
        """Of what is kept: one more whenever all of it is forgotten."""
        # Bound: the texts that are asked for at a time.
        self._under_way: dict[HopKey, asyncio.Future[str]] = {}
        self.changed = Listeners[[]]()
        """Told of each change of `directions`."""
        self._hung: Callable[[], None] = lambda: None
        self.answers = Durations(ANSWERED)
        """From the moment when a text is asked for, waiting included, until its translation is there."""
        self.failures = 0
        """Texts that were not translated when they were asked for."""
        self.queue = 0
        """Texts that wait for a translator or are with one."""

    def tell_hung(self, told: Callable[[], None]) -> None:
        """From now on tell when the server's own were given up since they didn't answer."""
        self._hung = told

    @property
    def directions(self) -> tuple[Direction, ...]:
        """What can be done now, each once."""
        return tuple(dict.fromkeys(direction for link in self._links for direction in link.numbers))

    @property
    def links(self) -> int:
        """How many processes are connected."""
        return len(self._links)

    @property
    def unfit(self) -> int:
        """How many directions don't work now that were said to."""
        return sum(len(link.unfit) for link in self._links)

    @property
    def connected(self) -> bool:
        """Whether anybody is."""
        return bool(self._links)

    @property
    def missing(self) -> tuple[str, ...]:
        """What to install or to mend for more languages, in lines for the operator."""
        return tuple(dict.fromkeys(line for link in self._links for line in link.missing))

    def forget(self) -> None:
        """Let go of all translations that are kept: something was removed from a log."""
        self._cache.clear()
        self.generation += 1

    async def prepare(self, direction: Direction) -> None:
        """Texts in a direction will come."""
        link = self._link_for(direction)
        if link is not None and (number := link.numbers[direction]) not in link.prepared:
            link.prepared.add(number)
            await link.link.send(wire.Prepare(direction=number))

    async def hop(self, text: str, direction: Direction, wording: str, *, keep: bool = True) -> str:
        """A text in the direction's other language. Raises TranslationFailed.

        `wording` is the version of what was taken out of it before; with `keep` it comes from what is kept, and what
        is new is kept.
        """
        if not keep:
            return await self._asked(text, direction)
        key = HopKey.of(direction, wording, text)
        known = self._cache.get(key)
        if known is not None:
            return known
        under_way = self._under_way.get(key)
        if under_way is not None:
            return await asyncio.shield(under_way)
        future = self._under_way[key] = asyncio.get_running_loop().create_future()
        generation = self.generation
        try:
            translated = await self._asked(text, direction)
        except BaseException as error:
            failed = error if isinstance(error, TranslationFailed) else TranslationFailed("It was given up.")
            future.set_exception(failed)
            future.exception()  # Whether or not somebody else waits for it.
            raise
        else:
            if generation == self.generation:  # Else it may be of what was removed.
                self._cache.put(key, translated)
            future.set_result(translated)
            return translated
        finally:
            del self._under_way[key]

    async def _asked(self, text: str, direction: Direction) -> str:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.queue += 1
        try:
            with self._tracing.span(
                "translation", source=direction.source, target=direction.target, characters=len(text)
            ):
                answer = await self._answered(text, direction)
        except TranslationFailed:
            self.failures += 1
            raise
        finally:
            self.queue -= 1
        self.answers.note(round(1_000 * (loop.time() - began)))
        return answer

    async def _answered(self, text: str, direction: Direction) -> str:
        link = self._link_for(direction)
        if link is None:
            raise NoTranslator(f"No translator from {direction.source} to {direction.target} is connected.")
        async with link.room:
            if link not in self._links or direction not in link.numbers:
                raise NoTranslator("The translators were gone before the text came to them, or can't do it any more.")
            number = next(self._ids)
            answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            loop = asyncio.get_running_loop()
            if not link.owed:
                link.heard_at = loop.time()
            link.owed[number] = answer
            try:
                await link.link.send(wire.Translate(id=number, direction=link.numbers[direction], text=text))
                while not answer.done():
                    patience = link.heard_at + self._answer_s - loop.time()
                    if patience <= 0:
                        self._give_up(link)
                        raise LinkLost("The translators didn't answer.")
                    await asyncio.wait({answer}, timeout=patience)
                return await answer
            finally:
                link.owed.pop(number, None)
                if not answer.cancel() and not answer.cancelled():
                    answer.exception()  # The caller may be gone.

    def _give_up(self, link: _Link) -> None:
        if link not in self._links:
            return
        logger.error("translators %s: no answer for %.0f s; the server gives them up", link.link.name, self._answer_s)
        self._links.remove(link)
        link.link.abort()
        if link.link.own:
            self._hung()

    def _link_for(self, direction: Direction) -> _Link | None:
        """Of those that can do it the one with the least to do."""
        able = [link for link in self._links if direction in link.numbers]
        return min(able, key=lambda link: len(link.owed), default=None)

    async def serve(self, connection: TranslatorConnection) -> None:
        """Have a link until it ends. Raises ProtocolError when the other side breaks the rules, and GivenUp."""
        hello = await connection.receive()
        if hello is None:
            return
        if not isinstance(hello, wire.TranslatorHello):
            raise ProtocolError("Translators begin with a hello.")
        wire.VERSIONS.require(hello.protocol)
        if len(hello.directions) > wire.MOST_DIRECTIONS:
            msg = f"Translators name {len(hello.directions)} directions; at most {wire.MOST_DIRECTIONS} are taken."
            raise ProtocolError(msg)
        if self._pulses is None:
            await self._serve(_Link(connection, hello, guests=self._guests))
        else:
            with self._pulses.linked(f"translators {connection.name}", hello.life, connection.abort):
                await self._serve(_Link(connection, hello, guests=self._guests))

    async def _serve(self, link: _Link) -> None:
        connection = link.link
        self._links.append(link)
        logger.info("translators %s: they connected with %d directions", connection.name, len(link.numbers))
        self.changed.tell()
        try:
            while (message := await connection.receive()) is not None:
                self._take(link, message)
        finally:
            if link in self._links:
                self._links.remove(link)
            for answer in link.owed.values():
                if not answer.done():
                    answer.set_exception(LinkLost("The translators' link ended before the answer came."))
            logger.warning("translators %s: the link ended", connection.name)
            self.changed.tell()

    def _take(self, link: _Link, message: wire.FromTranslators) -> None:
        link.heard_at = asyncio.get_running_loop().time()
        match message:
            case wire.Translated():
                answer = link.owed.get(message.id)
                if answer is None or answer.done():
                    return  # Whoever asked has given up.
                if len(message.text) > wire.LONGEST_TEXT:
                    answer.set_exception(TranslationFailed("The translation is far too long."))
                else:
                    answer.set_result(message.text)
            case wire.NotTranslated():
                answer = link.owed.get(message.id)
                if answer is not None and not answer.done():
                    answer.set_exception(TranslationFailed(message.reason))
            case wire.Unfit():
                logger.error("translators %s: %s", link.link.name, message.reason)
                link.set_fit(message.direction, message.reason)
                self.changed.tell()
            case wire.Fit():
                link.set_fit(message.direction, None)
                self.changed.tell()
            case wire.TranslatorHello():
                raise ProtocolError("Translators say hello once.")
