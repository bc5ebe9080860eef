"""Decides which translations each session has, and which are made now: those of record always, others while they are
read.

Which lines are due follows from the log alone (`core/translation/lines.py`), so that a restart resumes where the
translation ended, and makes nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import AddChannel
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.kernel.languages import primary, same_language
from moothall.core.ports import Clock
from moothall.core.rules.turn_times import said_in
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import ON, State, Status
from moothall.core.signals import Unrecorded
from moothall.core.translation.lines import due, spoken, stays_here, translation_id, translations
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.supervising import note_failure
from moothall.services.translation.text_translation import Reach, Terms, TextTranslation
from moothall.services.translation.translators import Translators
from moothall.services.translation.work import TermsOf, TranslationWork

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""How often it is checked who reads which channel."""
AFTER_MS = 60_000
"""How long a translation continues after its last reader has left: they may be reloading the page."""
HOW_TO_ADD = "`moothall languages add` gets models for many; the others: docs/how-to/add-a-language.md"
SERVICE = "service"
"""The engine of directions that ask a service, whose version is its model and host."""
MOST_OLD = 8
"""Texts of closed sessions that are translated at a time, each with one line in flight. Overflow: another one is
refused as busy, so that live text isn't delayed.
"""


def no_terms(_live: LiveSession, _source: str, _target: str) -> Terms:
    """Return no terms: for a house without a glossary."""
    return Terms()


@dataclass(eq=False, repr=False)
class Translating:
    """Decides which sessions are translated into which languages. `run` owns the translating tasks."""

    sessions: Sessions
    translators: Translators
    texts: TextTranslation
    _: KW_ONLY
    of_record: Sequence[str]
    """The languages (BCP-47) into which every session is translated completely."""
    clock: Clock
    terms: TermsOf = no_terms

    def __post_init__(self) -> None:
        self._of_record = tuple(self.of_record)
        self._group: asyncio.TaskGroup | None = None
        # Bound: the translations of loaded sessions.
        self._work: dict[tuple[SessionId, ChannelId], TranslationWork] = {}
        self._read_at: dict[tuple[SessionId, ChannelId], int] = {}
        """When a translation that isn't of record was last read or requested; ms of the monotonic clock."""
        self._adding: set[tuple[SessionId, ChannelId]] = set()
        self._elsewhere: Callable[[SessionId], Collection[ChannelId]] = lambda _: ()
        self.sessions.observe(self._seen)
        self.sessions.tell_loaded(self._look)
        self.translators.changed(self._renew)

    def hear_elsewhere(self, read: Callable[[SessionId], Collection[ChannelId]]) -> None:
        """Use `read` from now on to find which channels of a session are read at hubs."""
        self._elsewhere = read

    async def run(self) -> None:
        """Own the translating tasks, and start those that are needed, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._renew()
            try:
                while True:
                    for live in self.sessions.all_loaded:
                        self._look(live)
                    self._tidy()
                    await self.clock.sleep(LOOK_MS)
            finally:
                self._group = None
                self._work.clear()
                self._adding.clear()

    # Queries of doors

    @property
    def reach(self) -> Reach:
        """The translations that are possible now, for the operator, and which languages of record are not."""
        reach = self.texts.reach
        if not reach.connected:
            return reach
        known = {*reach.ways, *(target for targets in reach.ways.values() for target in targets)}
        beyond = [tag for tag in self._of_record if primary(tag) not in known]
        gone = {tag for work in self._work.values() for tag in self._gone(work.live.state) if tag not in known}
        read = sorted(gone - {primary(tag) for tag in beyond})
        lines = [
            f"Languages of {what} that nothing here translates: {', '.join(tags)}. {HOW_TO_ADD}"
            for what, tags in (("the record", beyond), ("meetings under way", read))
            if tags
        ]
        return msgspec.structs.replace(reach, missing=(*reach.missing, *lines))

    def languages(self, state: State) -> tuple[str, ...]:
        """The languages (primary tags) into which a session could be translated now."""
        floor = spoken(state)
        if floor is None:
            return ()
        said, here = said_in(state, floor), stays_here(state)
        found = {target for language in said for target in self.texts.reachable(language, here=here)}
        found |= {primary(each) for each in self._of_record if found}
        return tuple(sorted(target for target in found if self._of_use(said, target, here=here)))

    def offered(self, state: State) -> tuple[str, ...]:
        """The languages into which readers may request a translation that the session doesn't have yet.

        A session that is on gets its translations by itself, as soon as they are possible.
        """
        if state.status not in (*ON, Status.CLOSED):
            return ()
        return tuple(each for each in self.languages(state) if _translation_into(state, each) is None)

    def out_of_reach(self, state: State) -> tuple[str, ...]:
        """The languages of record in which a session has no channel, and into which it can't be translated now; and
        those of its translations that nothing goes on with.
        """
        floor = spoken(state)
        if floor is None:
            return ()
        said = {primary(tag) for tag in said_in(state, floor)}
        texts = (each for each in state.channels.values() if each.id != floor.id)
        there = {*self.languages(state), *(primary(tag) for each in texts for tag in each.languages)}
        if len(said) == 1:
            there |= said
        beyond = (each for each in self._of_record if primary(each) not in there)
        return (*beyond, *self._gone(state))

    def _gone(self, state: State) -> tuple[str, ...]:
        """The languages (BCP-47) of a session's translations that nothing goes on with, since their models were removed
        while it is on; none while no translator is connected, which is soon over.
        """
        floor = spoken(state)
        if floor is None or state.status not in ON or not self.translators.connected:
            return ()
        there = {*self.languages(state), *map(primary, said_in(state, floor))}
        return tuple(each.languages[0] for each in translations(state) if primary(each.languages[0]) not in there)

    async def want(self, live: LiveSession, language: str) -> ChannelId | Refusal:
        """Have a session translated into a language (BCP-47) while somebody reads that. Return the channel of the
        translation.

        There is one translation for all regions of a language.
        """
        channel = _translation_into(live.state, language)
        if channel is None:
            if primary(language) not in self.offered(live.state):
                return refuse(RefusalCode.UNKNOWN, "No translation into that language is installed here.")
            if live.state.status is Status.CLOSED and self._old >= MOST_OLD:
                message = "Too many texts of closed sessions are being translated; try again later."
                return refuse(RefusalCode.BUSY, message)
            channel = translation_id(primary(language))
            of_record = any(same_language(language, each) for each in self._of_record)
            answer = await self._add(live, primary(language), of_record=of_record)
            if answer is not None:
                return answer
        self.visited(live, channel)
        return channel

    def visited(self, live: LiveSession, channel: ChannelId) -> None:
        """Note that somebody loaded a page of a channel, which counts as reading for a while, since they may have no
        scripts.
        """
        known = live.state.channels.get(channel)
        if known is not None and known.kind is ev.ChannelKind.TRANSLATION:
            self._read_at[live.id, channel] = self.clock.monotonic()
            if (live.id, channel) not in self._work:
                self._look(live)

    def making(self, live: LiveSession, channel: ChannelId) -> bool:
        """Whether a closed session's translation is being made at the moment."""
        work = self._work.get((live.id, channel))
        return work is not None and live.state.status is Status.CLOSED and work.running

    def services(self, live: LiveSession) -> tuple[str, ...]:
        """The services on somebody else's machines to which words of a session go now, sorted, as `model@host`."""
        floor, here = spoken(live.state), stays_here(live.state)
        if floor is None or live.state.status not in ON:
            return ()
        into = [each.languages[0] for each in translations(live.state) if (live.id, each.id) in self._work]
        routes = (self.texts.route(tag, to, here=here) for tag in said_in(live.state, floor) for to in into)
        hops = (hop for route in routes if route is not None for hop in route.hops)
        return tuple(sorted({hop.version for hop in hops if hop.engine == SERVICE}))

    @property
    def _old(self) -> int:
        """The number of closed sessions' translations that are being made."""
        return sum(work.running and work.live.state.status is Status.CLOSED for work in self._work.values())

    # Input

    def _renew(self) -> None:
        """Try all lines again, since the connected translators have changed."""
        for live in self.sessions.all_loaded:
            self._try_again(live)

    def _try_again(self, live: LiveSession) -> None:
        for channel in translations(live.state):
            work = self._work.get((live.id, channel.id))
            if work is not None:
                work.add_all()
                self._go_on(work)
        self._look(live)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        if any(isinstance(event, ev.BodyRemoved) for event in publication.events):
            self.translators.forget()
        if any(isinstance(event, ev.ChannelAdded) for event in publication.events):
            self._look(live)
        if any(isinstance(event, ev.SessionArranged) for event in publication.events):
            self._try_again(live)  # Services may translate it where more than its staff may read it now.
        floor = spoken(live.state)
        if floor is None:
            return
        for channel in translations(live.state):
            work = self._work.get((live.id, channel.id))
            if work is not None:
                self._tell(work, floor, publication)

    def _tell(self, work: TranslationWork, floor: Channel, publication: Publication) -> None:
        for signal in publication.signals:
            if isinstance(signal, Unrecorded) and signal.channel == floor.id:
                work.unrecorded(signal.text, signal.language)
        for event in publication.events:
            match event:
                case le.SegmentEnded() | le.SegmentCorrected() if event.channel == floor.id:
                    state = work.live.state
                    line = due(state, state.channels[work.channel], event.segment)
                    if line is not None:
                        work.add(line)
                case le.SegmentCorrected() if event.channel == work.channel and event.unmended:
                    work.add_all()  # It may be older than its original, and a person's no more.
                case le.WordsCommitted() if event.channel == floor.id:
                    work.grows(event.segment)
                case _:
                    pass
        if publication.events:
            work.look()
        self._go_on(work)

    def _look(self, live: LiveSession) -> None:
        """Start the translations of a session that are needed and not running."""
        if self._group is None:
            return
        self._complete(live)
        now = self.clock.monotonic()
        readers, elsewhere = live.fanout.readers, self._elsewhere(live.id)
        for channel in translations(live.state):
            key = (live.id, channel.id)
            room = key in self._work or live.state.status is not Status.CLOSED or self._old < MOST_OLD
            if readers.get(channel.id) or (channel.id in elsewhere and room):
                self._read_at[key] = now
            needed = channel.of_record or now - self._read_at.get(key, -AFTER_MS) < AFTER_MS
            work = self._work.get(key)
            if not needed:
                self._work.pop(key, None)
            elif work is None:
                work = self._work[key] = TranslationWork(
                    live,
                    channel.id,
                    texts=self.texts,
                    terms=self.terms,
                    clock=self.clock,
                )
                work.add_all()
                self._prepare(live, channel)
            if work is not None and needed:
                work.look()
                self._go_on(work)

    def _complete(self, live: LiveSession) -> None:
        """Add the translations that a session lacks, if it is on or about to be."""
        if live.state.status not in (Status.CREATED, *ON):
            return
        floor = spoken(live.state)
        for language in self.languages(live.state):
            of_record = any(same_language(language, each) for each in self._of_record)
            key = (live.id, translation_id(language))
            if floor is None or key[1] in live.state.channels or key in self._adding or self._group is None:
                continue
            if of_record or live.state.status in ON:
                self._adding.add(key)
                self._group.create_task(self._added(live, language, of_record=of_record))

    def _of_use(self, said: Sequence[str], target: str, *, here: bool) -> bool:
        """Whether something is said in a session, or may be, in a language that can be translated into `target`."""
        others = [language for language in said if not same_language(language, target)]
        return any(self.texts.route(language, target, here=here) is not None for language in others)

    async def _added(self, live: LiveSession, language: str, *, of_record: bool) -> None:
        try:
            answer = await self._add(live, language, of_record=of_record)
            if isinstance(answer, Refusal) and answer.code is not RefusalCode.CONFLICT:
                logger.info("session %s: no translation into %s yet (%s)", live.id, language, answer.code)
        finally:
            self._adding.discard((live.id, translation_id(language)))

    async def _add(self, live: LiveSession, language: str, *, of_record: bool) -> Refusal | None:
        channel = translation_id(language)
        add = AddChannel(channel=channel, kind=ev.ChannelKind.TRANSLATION, languages=(language,), of_record=of_record)
        answer = await live.writer.send(SYSTEM, CommandId(f"translation:{channel}"), add)
        return answer if isinstance(answer, Refusal) else None

    def _prepare(self, live: LiveSession, channel: Channel) -> None:
        floor = spoken(live.state)
        if floor is None or self._group is None or live.state.status is Status.CLOSED:
            return
        here = stays_here(live.state)
        for language in said_in(live.state, floor):
            if not same_language(language, channel.languages[0]):
                self._group.create_task(self.texts.prepare(language, channel.languages[0], here=here))

    def _go_on(self, work: TranslationWork) -> None:
        if self._group is not None and not work.running and work.wanted:
            work.running = True
            self._group.create_task(self._run(work))

    async def _run(self, work: TranslationWork) -> None:
        try:
            await work.run()
        except Exception as error:  # a failure must not stop other languages; `_look` restarts this one
            work.running = False
            note_failure(error, f"session {work.live.id}: the translation {work.channel} failed and restarts")
            self._work.pop((work.live.id, work.channel), None)

    def _tidy(self) -> None:
        now = self.clock.monotonic()
        loaded = {live.id for live in self.sessions.all_loaded}
        for key in [key for key in self._work if key[0] not in loaded]:
            del self._work[key]
        self._read_at = {key: at for key, at in self._read_at.items() if now - at < AFTER_MS}


def _translation_into(state: State, language: str) -> ChannelId | None:
    """The session's translation into a language, whatever the region; None where there is none."""
    found = (each.id for each in translations(state) if same_language(each.languages[0], language))
    return next(found, None)
