"""Everything that is compared after a fault of the proof, while the people of the house rest."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from cluster_history import (
    Wrong,
    acts_against,
    books_against,
    copies_against,
    lines_against,
    questions_against,
    shown_against,
    times_against,
)
from cluster_house import FaultyHouse
from cluster_hub import WHOLE_S, RoomAsker, hub_against
from cluster_people import Asker, Chair, Reader, Typist
from cluster_person import Person, all_rest, now
from cluster_spans import Spans, own_word, spans_against, without_words
from cluster_speech import Speaker, heard, sounds_of, unheard, words_against
from moothall.core.chain import LogRecord

SETTLED_S = 60.0
"""Seconds in which a house must have a keeper again after a fault was mended, and must answer everybody."""
SAME_S = 20.0
"""Seconds in which all copies must become the same when nobody does anything."""
LOOK_S = 0.3


class People:
    """All people at work in one house."""

    def __init__(
        self,
        house: FaultyHouse,
        chance: random.Random,
        options: argparse.Namespace,
        *,
        heard: Callable[[], None],
        back: bool,
    ) -> None:
        """`heard`: called at each answer to a typist. `back`: whether a span's beginning may be set back."""
        addresses = [node.address for node in house.nodes]
        session = house.planned.session
        self.chair = Chair(
            addresses[::-1], session, house.planned.token, every_s=options.span_every, chance=chance, back=back
        )
        self.typists = [
            Typist(
                f"typist-{n}",
                _from(addresses, n),
                session,
                house.planned.token,
                every_s=options.line_every,
                chance=chance,
                heard=heard,
                spans=self.chair.spans,
            )
            for n in range(options.typists)
        ]
        self.asker = Asker(addresses, session, every_s=4 * options.line_every, chance=chance)
        self.speaker = None
        if house.engine is not None:
            self.speaker = Speaker(
                addresses,
                house.planned.token,
                session,
                house.engine.script,
                every_s=options.speech_every,
                chance=chance,
            )
        self.at_hub = None
        if house.hub is not None:
            self.at_hub = RoomAsker(house.hub, session, every_s=20 * options.line_every, chance=chance)
        self.readers = [Reader(_from(addresses, n), session, chance) for n in range(options.readers)]

    @property
    def all(self) -> Sequence[Person]:
        """Everybody who acts."""
        others = [person for person in (self.speaker, self.at_hub) if person is not None]
        return (*self.typists, self.chair, self.asker, *others)


def _from(addresses: Sequence[str], number: int) -> Sequence[str]:
    """Return all addresses in turn, beginning at that number."""
    first = number % len(addresses)
    return [*addresses[first:], *addresses[:first]]


class Proof:
    """The comparison of one house with what its people know."""

    def __init__(self, house: FaultyHouse, people: People, *, clocks: bool) -> None:
        """`clocks`: whether clocks jump, after which nobody outside knows what a span covers."""
        self.house = house
        self.people = people
        self.events = 0
        self.words = 0
        """Spoken words in the log."""
        self.unrecorded = 0
        """Words that were searched for since nothing was recorded when they came."""
        self._clocks = clocks

    async def check(self, kind: str, started_again: Callable[[], Awaitable[bool]]) -> Wrong:
        """Have everybody pause, and compare everything; returns what is wrong. `kind`: of the fault before.

        `started_again` starts ended nodes again, and returns whether there were any.
        """
        found = Wrong()
        if not await all_rest(self.people.all, SETTLED_S):
            found.say("other", "people are not answered")
        copies = await self._same(found, started_again)
        records = next(iter(copies.values()))
        for person in (*self.people.typists, self.people.chair):
            found.add(acts_against(person.answered, records))
        found.add(lines_against({typist.name: typist.typed for typist in self.people.typists}, records))
        found.add(times_against(records))
        found.add(questions_against(self.people.asker.asked, records))
        public = max((each.header.offset for each in records if each.header.type == "segment.ended"), default=0)
        for n, reader in enumerate(self.people.readers):
            if not await reader.until(public, SAME_S):
                found.say("other", f"reader {n} has come to {reader.whole.position}, and not to {public}")
        shown = [dict(reader.shown) for reader in self.people.readers]
        latest = await self._through(max((offset for each in shown for offset in each), default=0))
        for n, each in enumerate(shown):
            found.add(shown_against(f"reader {n}", each, latest))
        if self.house.hub is not None and self.people.at_hub is not None:
            found.add(
                await hub_against(
                    self.house.hub.process, self.house.planned.session, self.house.nodes[0].records, public
                )
            )
            found.add(questions_against(self.people.at_hub.asked, records))
        found.add(self._words(records))
        found.add(await self._books())
        words = self._unkept(found, records)
        if words and not await self.house.erased(SAME_S):
            found.say("other", "Valkey's files are not made anew")
        elif holding := await self._holding(words):
            found.say("other", f"a word that was removed or not recorded stands in {holding}")
        self.events, self.words = len(records), len(heard(records))
        for own in (*(each.wrong for each in self.people.all), *(each.wrong for each in self.people.readers)):
            found.add(own)
            own.clear()
        for reader in self.people.readers:
            for said in reader.whole.faults:
                found.say("other", f"a reader: {said}")
            reader.whole.faults = []
        found.said = [f"{said} (after {kind})" for said in found.said]
        return found

    def _unkept(self, found: Wrong, records: Sequence[LogRecord]) -> list[bytes]:
        """Return the words that no file may have: removed ones, and those of spans that are not recorded."""
        typed = {typist.name: typist.typed for typist in self.people.typists}
        refused = {typist.name: typist.refused for typist in self.people.typists}
        found.add(spans_against({typist.name: typist.gone for typist in self.people.typists}, refused, records))
        words = [word for typist in self.people.typists for word in typist.removed]
        words += [own_word(text) for texts in refused.values() for text in texts.values()]
        words = [*dict.fromkeys([*words, *without_words(typed, records)])]
        if self.people.speaker is not None:
            spans = Spans() if self._clocks else self.people.chair.spans
            words += unheard(self.people.speaker.said, spans, records)
        self.unrecorded = len(words) - sum(len(typist.removed) for typist in self.people.typists)
        return words

    async def _holding(self, words: Sequence[bytes]) -> Sequence[str]:
        """Return the files that have one of `words`: none once the hub has gone along, else those after `WHOLE_S`."""
        until = now() + (WHOLE_S if self.house.hub is not None else 0)
        sounds = frozenset[int]()
        if self.people.speaker is not None and self.house.engine is not None and not self._clocks:
            sounds = sounds_of(self.house.engine.script, self.people.speaker.said, self.people.chair.spans)
        while True:
            holding = await asyncio.to_thread(self.house.holding, words, sounds)
            if now() > until or not any(each.startswith("hub") for each in holding):
                return holding
            await asyncio.sleep(LOOK_S)

    async def _same(self, found: Wrong, started_again: Callable[[], Awaitable[bool]]) -> dict[str, Sequence[LogRecord]]:
        """Return all copies of the log, once they are the same; after SAME_S as they are."""
        until, whole = now() + SAME_S, now() + WHOLE_S
        while True:
            if await started_again():  # A node copies nothing before it runs.
                until = now() + SAME_S
            session = self.house.planned.session
            copies: dict[str, Sequence[LogRecord]] = {}
            for node in self.house.nodes:
                copies[node.name] = await asyncio.to_thread(node.records, session)
            copies["valkey"] = await self.house.stream() or ()
            wrong = copies_against(copies)
            if not wrong and now() < whole and self._under_way(next(iter(copies.values()))):
                until = now() + SAME_S
            elif not wrong or now() > until:
                found.add(wrong)
                return copies
            await asyncio.sleep(LOOK_S)

    async def _through(self, offset: int) -> Sequence[LogRecord]:
        """Return the log of a node once it has an event, or after SAME_S as it is: an engine may have brought words
        since all copies were the same.
        """
        until, session = now() + SAME_S, self.house.planned.session
        while True:
            records = await asyncio.to_thread(self.house.nodes[0].records, session)
            if now() > until or (records[-1].header.offset if records else 0) >= offset:
                return records
            await asyncio.sleep(LOOK_S)

    def _under_way(self, records: Sequence[LogRecord]) -> bool:
        """Whether the log lacks anything that the hub and the engine may still bring."""
        asked = [] if self.people.at_hub is None else self.people.at_hub.asked
        return bool(questions_against(asked, records)) or bool(self._words(records))

    def _words(self, records: Sequence[LogRecord]) -> Wrong:
        if self.people.speaker is None:
            return Wrong()
        return words_against(self.people.speaker.said, self.people.chair.spans, records, clocks=self._clocks)

    async def _books(self) -> Wrong:
        """Return how the copies of the book differ: empty once they are the same, else the difference after SAME_S."""
        until = now() + SAME_S
        while True:
            shared = await self.house.shared_book() or {}
            wrong = books_against({"valkey": shared} | {node.name: node.book() for node in self.house.nodes})
            if not wrong or now() > until:
                return wrong
            await asyncio.sleep(LOOK_S)
