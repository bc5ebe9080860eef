"""The connected translators: sends texts to them, hop by hop, and returns the translations.

Concurrent requests for the same hop are sent once: into Portuguese, and into Spanish through Portuguese.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError, ProtocolError
from moothall.core.translation.cache import HopCache, HopKey
from moothall.core.translation.routes import Direction, RouteScore
from moothall.services.metrics.measures import Durations
from moothall.services.metrics.tracing import NotTraced, SpanWriter
from moothall.services.supervision.pulses import Pulses
from moothall.services.supervision.waiting import Listeners
from moothall.wire import translation as wire

logger = logging.getLogger(__name__)

ANSWER_S = 150.0
"""Time limit in seconds without any message from a link that owes an answer. The translators' own time limits end a
call that hangs after 20 s, and loading after 120 s; this limit is for texts that get lost there. A process that is
frozen is detected by its pulse, much sooner. A long queue that makes progress doesn't exceed the limit.
"""
ANSWERED = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000)
"""Bucket edges in ms of the histogram of translation times."""
IN_FLIGHT = 16
"""Texts in flight on one link; more wait in this process, bounded by the callers."""


class TranslationFailed(MoothallError):
    """This attempt to translate a text failed; another may succeed."""


class NoTranslator(TranslationFailed):
    """No connected translator can do it; retrying is useless before `Translators.changed` is called."""


class LinkLost(NoTranslator):
    """The link was lost while the translators had the text, which may be what ended them."""


class TranslatorConnection(Protocol):
    """A connection to a process with translators, over any transport."""

    @property
    def name(self) -> str:
        """The name for logs."""
        ...

    @property
    def own(self) -> bool:
        """Whether it is a child process of this server, which may be sent any text."""
        ...

    async def receive(self) -> wire.FromTranslators | None:
        """The next message; None at the end. Raises ProtocolError."""
        ...

    async def send(self, message: wire.ToTranslators) -> None:
        """Send a message. Does nothing when the connection has ended, which `receive` reports."""
        ...

    def abort(self) -> None:
        """Close the connection at once, without waiting for the other side; `receive` then returns None."""
        ...


class _Link:
    """One connected process and the answers that it owes."""

    def __init__(self, link: TranslatorConnection, hello: wire.TranslatorHello, *, guests: bool) -> None:
        self.link = link
        # A process on another machine must not decide by its own statements which texts are sent there, and how often.
        self.directions = (
            hello.directions
            if link.own
            else tuple(msgspec.structs.replace(each, remote=True, guest=guests) for each in hello.directions)
        )
        self.numbers = {direction: number for number, direction in enumerate(self.directions)}
        self.unfit: dict[int, str] = {}
        """The reason, by direction, for directions that don't work at present."""
        self.scores: dict[tuple[Direction, ...], RouteScore] = {}
        """The scores of ways, by their hops. Bound: `wire.MOST_SCORES`."""
        self._lacks = hello.missing
        self.room = asyncio.Semaphore(IN_FLIGHT)
        self.prepared: set[int] = set()
        self.owed: dict[int, asyncio.Future[str]] = {}
        """Answers by id of the request. Bound: IN_FLIGHT."""
        self.heard_at = 0.0
        """When a message was last received or, after an idle time, the first answer became due; seconds of the loop's
        clock.
        """

    @property
    def missing(self) -> tuple[str, ...]:
        """What to install or repair, as sentences for the operator."""
        return (*self._lacks, *self.unfit.values())

    def set_fit(self, direction: int, unfit: str | None) -> None:
        """Note that a direction works (`unfit` None), or why it doesn't. Raises ProtocolError for an unknown one."""
        if not 0 <= direction < len(self.directions):
            msg = f"The translators named {len(self.directions)} directions, and none has the number {direction}."
            raise ProtocolError(msg)
        self.unfit.pop(direction, None)
        if unfit is not None:
            self.unfit[direction] = unfit
        self.numbers = {each: number for number, each in enumerate(self.directions) if number not in self.unfit}

    def set_scores(self, scores: Sequence[wire.WayScore]) -> None:
        """Note the scores of ways in place of those before. Raises ProtocolError for an unknown direction."""
        known = range(len(self.directions))
        if not all(number in known for each in scores for number in each.directions):
            raise ProtocolError(f"The translators named {len(known)} directions, and scored another one.")
        self.scores = {tuple(self.directions[number] for number in each.directions): each.score for each in scores}


class Translators:
    """The connected translators, and the texts that wait for each of them or are in flight."""

    def __init__(
        self,
        answer_s: float = ANSWER_S,
        pulses: Pulses | None = None,
        *,
        remote_first: bool = False,
        tracing: SpanWriter | None = None,
    ) -> None:
        """`answer_s`: seconds without an answer after which a link is given up; `pulses`: monitors the processes, if
        given. `remote_first`: choose translators on other machines by cost, even where the server's own can do it.
        """
        self._guests = not remote_first
        self._tracing = tracing or NotTraced()
        self._answer_s = answer_s
        self._pulses = pulses
        self._links: list[_Link] = []
        self._ids = itertools.count(1)
        self._cache = HopCache()
        self.generation = 0
        """The number of times that the cache was emptied."""
        # Bound: the concurrent requests.
        self._under_way: dict[HopKey, asyncio.Future[str]] = {}
        self.changed = Listeners[[]]()
        """Called on each change of `directions`."""
        self._hung: Callable[[], None] = lambda: None
        self.answers = Durations(ANSWERED)
        """Durations in ms from the request of a text to its translation, including waiting."""
        self.failures = 0
        """The number of requests that failed."""
        self.queue = 0
        """The number of texts that wait for a translator or are in flight."""

    def tell_hung(self, told: Callable[[], None]) -> None:
        """Call `told` from now on when a link of the server's own translators was given up for lack of an answer."""
        self._hung = told

    @property
    def directions(self) -> tuple[Direction, ...]:
        """All directions that work now, without duplicates."""
        return tuple(dict.fromkeys(direction for link in self._links for direction in link.numbers))

    @property
    def links(self) -> int:
        """The number of connected processes."""
        return len(self._links)

    @property
    def unfit(self) -> int:
        """The number of announced directions that don't work at present."""
        return sum(len(link.unfit) for link in self._links)

    @property
    def connected(self) -> bool:
        """Whether any process is connected."""
        return bool(self._links)

    @property
    def missing(self) -> tuple[str, ...]:
        """What to install or repair for more languages, as sentences for the operator."""
        return tuple(dict.fromkeys(line for link in self._links for line in link.missing))

    def score(self, hops: tuple[Direction, ...]) -> RouteScore | None:
        """The score of a way, from the first process that has tested it; None where none has."""
        return next((link.scores[hops] for link in self._links if hops in link.scores), None)

    def forget(self) -> None:
        """Empty the cache of translations, since something was removed from a log."""
        self._cache.clear()
        self.generation += 1

    async def prepare(self, direction: Direction) -> None:
        """Have a translator of this direction loaded, since texts will follow."""
        link = self._link_for(direction)
        if link is not None and (number := link.numbers[direction]) not in link.prepared:
            link.prepared.add(number)
            await link.link.send(wire.Prepare(direction=number))

    async def hop(self, text: str, direction: Direction, wording: str, *, keep: bool = True) -> str:
        """Translate a text in one direction. Raises TranslationFailed.

        `wording` is the version of the terms that were replaced by marks in it, part of the cache's key; with `keep`
        the cache is used.
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
            future.exception()  # Marks the exception as retrieved, in case nobody else awaits it.
            raise
        else:
            if generation == self.generation:  # Else the text may have been removed from the log.
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
                    answer.exception()  # Marks the exception as retrieved, in case the caller was cancelled.

    def _give_up(self, link: _Link) -> None:
        if link not in self._links:
            return
        logger.error("translators %s: no answer for %.0f s; the server gives them up", link.link.name, self._answer_s)
        self._links.remove(link)
        link.link.abort()
        if link.link.own:
            self._hung()

    def _link_for(self, direction: Direction) -> _Link | None:
        """The link that supports the direction and has the fewest texts in flight; None where there is none."""
        able = [link for link in self._links if direction in link.numbers]
        return min(able, key=lambda link: len(link.owed), default=None)

    async def serve(self, connection: TranslatorConnection) -> None:
        """Serve a connection until it ends. Raises ProtocolError when the other side breaks the rules, and GivenUp."""
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
                    return  # The caller was cancelled.
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
            case wire.Scores():
                link.set_scores(message.scores)
                self.changed.tell()
            case wire.TranslatorHello():
                raise ProtocolError("Translators say hello once.")
