"""The translation of one session into one language, while there is something to do for it."""

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
from moothall.core.session.parts import Channel, Segment
from moothall.core.session.state import Status
from moothall.core.signals import Partial, Unrecorded
from moothall.core.translating.lines import Due, all_due, as_said, due, line_of
from moothall.core.translating.pending import Pending, clause
from moothall.services.sessions.live_session import LiveSession
from moothall.services.translation.text_translation import Made, Terms, TextTranslation
from moothall.services.translation.translators import LinkLost, NoTranslator, TranslationFailed

logger = logging.getLogger(__name__)

TRANSLATOR = Actor(Role.TRANSLATOR, "translator")
FAILED = Backoff(first_ms=500, last_ms=60_000)
"""Before a line that failed is tried again. A service may be away for an hour: no line is lost by that."""
MOST_TRIES = 20
"""How often in a row one of a session that is closed is tried, in some 14 minutes; then it is left until the session is
loaded again, or other translators are connected."""
ENDED = Backoff(first_ms=1_000, last_ms=512_000)
"""Before a line under which the translators ended, for it may have been what ended them. It is never left, and what
others say comes first."""
REFUSED_MS = 1_000
"""Before a translated line that couldn't be stored is tried again."""
LATE_MS = 2_000
"""A line that is under way for so long is shown as it was said until it comes, and so are those that wait behind it."""
SHOW_MS = 1_000
"""How often a line that still grows is translated at most."""
SETTLE_MS = 200
"""How long a better text of the engine's own is waited for at most, where it hears the line once more. Of 76 lines
28 were, and one was bettered: a longer wait would hold up many for the sake of few (bench/README.md)."""
LOOK_MS = 20

TermsOf = Callable[[LiveSession, str, str], Terms]
"""The session's own words from one language to another (BCP-47)."""
Settling = Callable[[LiveSession, SegmentId], bool]
"""Whether an engine hears a line once more at the moment, and may better it."""
MOST_LATE = 8
"""Lines that are shown. Overflow: the newest are."""


@dataclass(eq=False, repr=False)
class TranslationWork:
    """The lines of one session that are to be translated into one language. `run` returns when no line is left; after
    a line was added, start it again.
    """

    live: LiveSession
    channel: ChannelId
    _: KW_ONLY
    texts: TextTranslation
    terms: TermsOf
    settling: Settling
    clock: Clock

    def __post_init__(self) -> None:
        self.running = False
        self._pending = Pending()
        self._tries: dict[SegmentId, int] = {}
        self._lost: dict[SegmentId, int] = {}
        """Lines under which the translators ended, and how often. Bound: the lines of the session."""
        self._under_way: tuple[int, SegmentId] | None = None
        """Since when which line is being translated."""
        self._late = LateLines(self.live, self.channel)
        # Bound: the lines of the session.
        self._later: list[tuple[int, Due]] = []
        """Lines that failed, with when they are tried again."""
        self._open: SegmentId | None = None
        """The line that grows, when more of it may be shown."""
        self._unrecorded: tuple[str, str] | None = None
        """What is said now and kept nowhere, and its language."""
        self._shown: tuple[SegmentId | None, str] = (None, "")
        self._show_at = 0
        self._news = asyncio.Event()

    @property
    def lacking(self) -> int:
        """How many lines wait."""
        return len(self._pending) + len(self._later)

    def add(self, line: Due) -> None:
        """A line has ended or reads otherwise."""
        self._pending.add(line)
        self._news.set()

    def add_all(self) -> None:
        """What the translation lacks, as the log has it. What may have ended the translators keeps its time."""
        self._later = [(at, line) for at, line in self._later if line.source.segment in self._lost]
        self._tries.clear()
        apart = {line.source.segment for _, line in self._later}
        lines = all_due(self.live.state, self._channel)
        self._pending.fill(line for line in lines if line.source.segment not in apart)
        self._news.set()

    def grows(self, segment: SegmentId) -> None:
        """Words joined a line."""
        self._open = segment
        self._news.set()

    def unrecorded(self, text: str, language: str) -> None:
        """Something is said that is kept nowhere; blank takes it away."""
        self._unrecorded = (text, language) if text.strip() else None
        if not text.strip():
            self.live.writer.signal(Unrecorded(channel=self.channel, text="", language=""))
        self._news.set()

    @property
    def wanted(self) -> bool:
        """Whether `run` has something to do."""
        return bool(self.lacking or self._open is not None or self._unrecorded is not None)

    @property
    def _channel(self) -> Channel:
        return self.live.state.channels[self.channel]

    async def run(self) -> None:
        """Translate what is due, then what grows, until there is nothing left that can be."""
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
        if line.source.revision == 0:
            await self._settled(name)
        now = due(self.live.state, self._channel, name)
        source = self.live.state.segments.get(name)
        if now is None or source is None:
            return  # It was struck meanwhile, or somebody has written it.
        self._under_way = (self.clock.monotonic(), name)
        try:
            made = await self._made(source)
        except LinkLost:
            self._late.show([name])
            self._ended_under(now)
            return
        except NoTranslator:
            self._late.show([name])
            # Without a way there is nothing to wait for: when another one opens, all that is due is looked for anew.
            if self.texts.route(source.language, self._channel.languages[0]) is not None:
                self._put_off(now, FAILED.first_ms)
            return
        except TranslationFailed as failed:
            self._late.show([name])
            self._failed(now, failed)
            return
        finally:
            self._under_way = None
        await self._send(now, source, made)

    async def _settled(self, name: SegmentId) -> None:
        """Wait for the engine's own better text of a line that it hears once more."""
        until = self.clock.monotonic() + SETTLE_MS
        while self.settling(self.live, name) and self.clock.monotonic() < until:
            await self.clock.sleep(LOOK_MS)
            known = self.live.state.segments.get(name)
            if known is None or known.revision:
                return

    async def _made(self, source: Segment) -> Made | None:
        """What a line reads in the translation's language; None where it reads as it was said."""
        if as_said(source, self._channel) or not source.whole.strip():
            return None
        target = self._channel.languages[0]
        terms = self.terms(self.live, source.language, target)
        return await self.texts.translate(source.whole, source.language, target, terms)

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
        # Lines of other languages and sessions that were under way just then should not be again at the same moment.
        apart = zlib.crc32(f"{self.live.id} {self.channel} {name}".encode()) % (patience // 2)
        self._put_off(line, patience - apart)

    def _put_off(self, line: Due, ms: int) -> None:
        self._later.append((self.clock.monotonic() + ms, line))

    def look(self) -> None:
        """Called from time to time, and when something happened to lines: what is late is shown as it was said."""
        if self._under_way is not None and self.clock.monotonic() - self._under_way[0] >= LATE_MS:
            self._late.show([self._under_way[1], *self._pending.newest(MOST_LATE)])
        else:
            self._late.show()

    # What grows

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
        """A text that is only shown; None where it can't be translated now."""
        target = self._channel.languages[0]
        if same_language(language, target):
            return text
        try:
            made = await self.texts.translate(
                text, language, target, self.terms(self.live, language, target), keep=keep, here=not keep
            )
        except TranslationFailed:
            return None
        return made.text


def _command_id(command: SetTranslation, wording: str) -> CommandId:
    """The same for the same translation of the same text, in any process."""
    parts = (command.channel, command.source.segment, str(command.source.revision), command.route, wording)
    return CommandId(f"mt:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:40]}")


class LateLines:
    """Lines whose translation is late: until it comes, readers have them as they were said, as words that may change.

    Those of one translation of a session.
    """

    def __init__(self, live: LiveSession, channel: ChannelId) -> None:
        self._live = live
        self._channel = channel
        self._names: tuple[SegmentId, ...] = ()
        """In order of time; at most MOST_LATE."""
        self._shown: tuple[SegmentId, str] | None = None
        """What readers have of them: the name of the newest, and the text."""

    def show(self, more: Iterable[SegmentId] = ()) -> None:
        """Show those that still lack their translation, and `more`; nothing of what was struck or removed meanwhile.

        One signal carries them, so they stand there as one text: the newest, and those before it in its language.
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
        lacks = due(state, state.channels[self._channel], name) is not None
        return state.segments.get(name) if lacks else None


def show(live: LiveSession, channel: ChannelId, source: SegmentId, text: str, language: str) -> None:
    """Show a line's provisional translation, unless the translation exists."""
    name = line_of(source, channel)
    if name not in live.state.segments:
        live.writer.signal(Partial(channel=channel, segment=name, first=0, text=text, language=language))
