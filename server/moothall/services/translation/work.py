"""The translation of one session into one language: queue, retries, and provisional text of lines that are not done."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass

from moothall.core.commands import SetTranslation
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import PASSING, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.languages import same_language
from moothall.core.ports import Clock
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import Status
from moothall.core.signals import Partial, Unrecorded
from moothall.core.translation.lines import Due, all_due, as_said, due, line_of, stays_here
from moothall.core.translation.pending import Pending, clause
from moothall.services.sessions.live_session import LiveSession
from moothall.services.translation.text_translation import Made, Terms, TextTranslation
from moothall.services.translation.translators import LinkLost, NoTranslator, TranslationFailed

logger = logging.getLogger(__name__)

TRANSLATOR = Actor(Role.TRANSLATOR, "translator")
FAILED = Backoff(first_ms=500, last_ms=60_000)
"""The delay before a failed line is retried. A service may be away for an hour: no line is lost by that."""
MOST_TRIES = 20
"""Consecutive attempts for a line of a closed session, in some 14 minutes; then it is left until the session is loaded
again, or other translators are connected.
"""
ENDED = Backoff(first_ms=1_000, last_ms=512_000)
"""The delay before retrying a line during which the translators' link was lost, since the line may be the cause. Such a
line is never given up, but other lines have priority.
"""
REFUSED_MS = 1_000
"""The delay before a translated line that couldn't be stored is tried again."""
LATE_MS = 2_000
"""A line whose translation takes this long is shown untranslated until it is done, as are the lines after it."""
SHOW_MS = 1_000
"""The interval at which a growing line is translated at most."""

TermsOf = Callable[[LiveSession, str, str], Terms]
"""Returns the session's own terms from one language to another (BCP-47)."""
MOST_LATE = 8
"""Most untranslated lines that are shown. Overflow: the oldest are left out."""


@dataclass(eq=False, repr=False)
class TranslationWork:
    """The lines of one session that are to be translated into one language. `run` returns when no line is left; start
    it again after a line was added.
    """

    live: LiveSession
    channel: ChannelId
    _: KW_ONLY
    texts: TextTranslation
    terms: TermsOf
    clock: Clock

    def __post_init__(self) -> None:
        self.running = False
        self._pending = Pending()
        self._tries: dict[SegmentId, int] = {}
        self._lost: dict[SegmentId, int] = {}
        """How often the translators' link was lost during each line. Bound: the lines of the session."""
        self._under_way: tuple[int, SegmentId] | None = None
        """The line that is being translated, and since when (monotonic ms)."""
        self._late = LateLines(self.live, self.channel)
        # Bound: the lines of the session.
        self._later: list[tuple[int, Due]] = []
        """Failed lines, with the monotonic ms of their next attempt."""
        self._open: SegmentId | None = None
        """The growing line, when it has words that weren't shown yet."""
        self._unrecorded: tuple[str, str] | None = None
        """Text that is shown but not recorded, and its language."""
        self._shown: tuple[SegmentId | None, str] = (None, "")
        self._show_at = 0
        self._news = asyncio.Event()

    @property
    def lacking(self) -> int:
        """The number of lines that wait."""
        return len(self._pending) + len(self._later)

    def add(self, line: Due) -> None:
        """Queue a line that has ended or was changed."""
        self._pending.add(line)
        self._news.set()

    def add_all(self) -> None:
        """Queue all lines that the translation lacks by the log. Lines that may have ended the translators keep their
        delay.
        """
        self._later = [(at, line) for at, line in self._later if line.source.segment in self._lost]
        self._tries.clear()
        apart = {line.source.segment for _, line in self._later}
        lines = all_due(self.live.state, self._channel)
        self._pending.fill(line for line in lines if line.source.segment not in apart)
        self._news.set()

    def grows(self, segment: SegmentId) -> None:
        """Note that words were added to a line."""
        self._open = segment
        self._news.set()

    def unrecorded(self, text: str, language: str) -> None:
        """Show the translation of text that is not recorded; blank text clears it."""
        self._unrecorded = (text, language) if text.strip() else None
        if not text.strip():
            self.live.writer.signal(Unrecorded(channel=self.channel, text="", language=""))
        self._news.set()

    @property
    def wanted(self) -> bool:
        """Whether `run` has anything to do."""
        return bool(self.lacking or self._open is not None or self._unrecorded is not None)

    @property
    def _channel(self) -> Channel:
        return self.live.state.channels[self.channel]

    async def run(self) -> None:
        """Translate the lines that are due, then the growing line, until nothing is left that can be translated."""
        self.running = True
        try:
            with self.live.held():
                while self.wanted:
                    self._news.clear()
                    self._bring_back()
                    if len(self._pending):
                        await self._line(self._pending.pop())
                        self.look()
                    elif self._showable and self.clock.monotonic() >= self._show_at:
                        await self._show()
                    else:
                        await self._wait()
        finally:
            self.running = False

    @property
    def _showable(self) -> bool:
        return self._open is not None or self._unrecorded is not None

    def _bring_back(self) -> None:
        now = self.clock.monotonic()
        for at, line in self._later:
            if at <= now:
                self._pending.add(line)
        self._later = [(at, line) for at, line in self._later if at > now]

    async def _wait(self) -> None:
        moments = [at for at, _ in self._later]
        if self._showable:
            moments.append(self._show_at)
        left = max(1, min(moments) - self.clock.monotonic())
        sleeping = asyncio.ensure_future(self.clock.sleep(left))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({sleeping, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            news.cancel()

    # Lines

    async def _line(self, line: Due) -> None:
        name = line.source.segment
        now = due(self.live.state, self._channel, name)
        source = self.live.state.segments.get(name)
        if now is None or source is None:
            return  # The line was struck meanwhile, or a person has written its translation.
        self._under_way = (self.clock.monotonic(), name)
        try:
            made = await self._made(source)
        except LinkLost:
            self._late.show([name])
            self._ended_under(now)
            return
        except NoTranslator:
            self._late.show([name])
            # Without a route a retry is useless: `add_all` queues the line again when other translators are connected.
            here = stays_here(self.live.state)
            if self.texts.route(source.language, self._channel.languages[0], here=here) is not None:
                self._put_off(now, FAILED.first_ms)
            return
        except TranslationFailed as failed:
            self._late.show([name])
            self._failed(now, failed)
            return
        finally:
            self._under_way = None
        await self._send(now, source, made)

    async def _made(self, source: Segment) -> Made | None:
        """The translation of a line; None where the line needs none, since it is in the language already."""
        if as_said(source, self._channel) or not source.whole.strip():
            return None
        target = self._channel.languages[0]
        terms = self.terms(self.live, source.language, target)
        here = stays_here(self.live.state)
        return await self.texts.translate(source.whole, source.language, target, terms, here=here)

    async def _send(self, line: Due, source: Segment, made: Made | None) -> None:
        command = SetTranslation(
            channel=self.channel,
            source=line.source,
            text=source.whole.strip() if made is None else made.text,
            route="" if made is None else made.route.name,
            rough=made is not None and made.route.rough,
        )
        version = "" if made is None else made.wording
        answer = await self.live.writer.send(TRANSLATOR, _command_id(command, version), command)
        if not isinstance(answer, Refusal):
            self._tries.pop(line.source.segment, None)
            self._lost.pop(line.source.segment, None)
        elif answer.code in PASSING:
            self._put_off(line, REFUSED_MS)
        elif answer.code is RefusalCode.STALE:
            newer = due(self.live.state, self._channel, line.source.segment)
            if newer is not None and newer != line:
                self._pending.add(newer)
        else:
            logger.error("session %s, %s: the log refused a line (%s)", self.live.id, self.channel, answer.code)

    def _failed(self, line: Due, failed: TranslationFailed) -> None:
        name = line.source.segment
        tries = self._tries[name] = self._tries.get(name, 0) + 1
        logger.warning("session %s, %s: line %s, try %d: %s", self.live.id, self.channel, name, tries, failed)
        if tries < MOST_TRIES or self.live.state.status is not Status.CLOSED:
            self._put_off(line, FAILED.wait_ms(tries - 1))

    def _ended_under(self, line: Due) -> None:
        name = line.source.segment
        patience = ENDED.wait_ms(self._lost.get(name, 0))
        self._lost[name] = self._lost.get(name, 0) + 1
        # Jitter: lines of other languages and sessions that were lost with it should not be retried at the same moment.
        apart = zlib.crc32(f"{self.live.id} {self.channel} {name}".encode()) % (patience // 2)
        self._put_off(line, patience - apart)

    def _put_off(self, line: Due, ms: int) -> None:
        self._later.append((self.clock.monotonic() + ms, line))

    def look(self) -> None:
        """Show lines that are late untranslated. Called regularly, and when lines have changed."""
        if self._under_way is not None and self.clock.monotonic() - self._under_way[0] >= LATE_MS:
            self._late.show([self._under_way[1], *self._pending.newest(MOST_LATE)])
        else:
            self._late.show()

    # Growing lines

    async def _show(self) -> None:
        unrecorded, name = self._unrecorded, self._open
        self._unrecorded = self._open = None
        if unrecorded is not None:
            text, language = unrecorded
            shown = await self._quietly(text, language, keep=False)
            if not self.live.state.recorded and shown is not None:
                self._show_at = self.clock.monotonic() + SHOW_MS
                self.live.writer.signal(
                    Unrecorded(channel=self.channel, text=shown, language=self._channel.languages[0])
                )
            return
        line = None if name is None else self.live.state.segments.get(name)
        if line is None or line.ended or line.gone:
            return
        begun = line.whole if as_said(line, self._channel) else clause(line.whole)
        if not begun or self._shown == (line.id, begun):
            return
        self._shown, self._show_at = (line.id, begun), self.clock.monotonic() + SHOW_MS
        shown = await self._quietly(begun, line.language, keep=True)
        now = self.live.state.segments.get(line.id)
        if shown is not None and now is not None and not now.gone and not now.ended and self.live.state.recorded:
            show(self.live, self.channel, line.id, shown, self._channel.languages[0])

    async def _quietly(self, text: str, language: str, *, keep: bool) -> str | None:
        """The translation of text that is only shown; None where it can't be translated now."""
        target = self._channel.languages[0]
        if same_language(language, target):
            return text
        here = not keep or stays_here(self.live.state)
        try:
            made = await self.texts.translate(
                text, language, target, self.terms(self.live, language, target), keep=keep, here=here
            )
        except TranslationFailed:
            return None
        return made.text


def _command_id(command: SetTranslation, wording: str) -> CommandId:
    """The same id for the same translation of the same text, in any process."""
    parts = (command.channel, command.source.segment, str(command.source.revision), command.route, wording)
    return CommandId(f"mt:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:40]}")


class LateLines:
    """Lines of one session whose translation is late: until it is done, readers see them untranslated, as text that may
    still change.
    """

    def __init__(self, live: LiveSession, channel: ChannelId) -> None:
        self._live = live
        self._channel = channel
        self._names: tuple[SegmentId, ...] = ()
        """Ids of the lines that are shown, in order of time; at most MOST_LATE."""
        self._shown: tuple[SegmentId, str] | None = None
        """What readers see: the name of the newest line, and the joined text."""

    def show(self, more: Iterable[SegmentId] = ()) -> None:
        """Show the known lines and `more`, as far as they still lack a translation and were not struck or removed.

        One signal has one text and one language, so it contains the newest line and those before it in the same
        language.
        """
        names = {*self._names, *more}
        if not names:
            return
        found = sorted(filter(None, map(self._lacking, names)), key=lambda line: (line.t0, line.id))[-MOST_LATE:]
        self._names = tuple(line.id for line in found)
        before, self._shown = self._shown, None
        if found:
            text, language = "", found[-1].language
            for line in reversed(found):
                if line.language != language:
                    break
                text = f"{line.whole.strip()} {text}".strip()
            self._shown = (found[-1].id, text)
            if self._shown != before:
                show(self._live, self._channel, *self._shown, language)
        elif before is not None:
            show(self._live, self._channel, before[0], "", "")

    def _lacking(self, name: SegmentId) -> Segment | None:
        state = self._live.state
        if line_of(name, self._channel) in state.segments:
            return None  # Readers see that of an older text.
        lacks = due(state, state.channels[self._channel], name) is not None
        return state.segments.get(name) if lacks else None


def show(live: LiveSession, channel: ChannelId, source: SegmentId, text: str, language: str) -> None:
    """Show a line's provisional translation, unless the final one exists."""
    name = line_of(source, channel)
    if name not in live.state.segments:
        live.writer.signal(Partial(channel=channel, segment=name, first=0, text=text, language=language))
