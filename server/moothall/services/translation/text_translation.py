"""A text from one language into another: the cheapest way over what is connected, with formulas and terms kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import primary
from moothall.core.translating.phrases import Phrase
from moothall.core.translating.protecting import MARK, OTHER_MARK, marked_as_first, marked_otherwise
from moothall.core.translating.routes import Direction, Route, best_route, reachable
from moothall.core.translating.wording import Wording, finished, prepared, wording
from moothall.services.translation.translators import LinkLost, NoTranslator, TranslationFailed, Translators

KEPT = 200
"""Routes and wordings that are kept, and languages with what can be reached from them. Overflow: all are forgotten."""
LONGEST = 10_000
"""Characters of a text."""
MOST = 600
"""Characters of a part: some five sentences. The slowest engine takes a second for them (docs/why/translation.md)."""
_END_OF_LINE = re.compile(r"[\n\r]")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{4})[.?!…]+[\"'”’»)\]]*\s+|[。！？؟।]+\s*")  # noqa: RUF001  # all of them end sentences
"""The end of a sentence behind a word of four letters or more: shorter ones may be abbreviated."""
_WORD = re.compile(r"\s+")
_TOGETHER = frozenset({"ja", "zh"})
"""Languages without a space between sentences."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A translation and how it was made."""

    text: str
    route: Route
    wording: str
    """Version of what was kept and forced."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A session's own words for one pair of languages."""

    forced: Mapping[str, str] = {}
    """As they are said, and as they are to be written."""
    names: tuple[str, ...] = ()
    """What else is written with capitals."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What can be translated now."""

    connected: bool = False
    """Whether any translators are."""
    ways: Mapping[str, tuple[str, ...]] = {}
    """Into which languages texts of each language go (primary tags)."""
    missing: tuple[str, ...] = ()
    """What to install for more, in lines for the operator, in English."""


class _Way(msgspec.Struct, frozen=True, kw_only=True):
    """How the parts of one text go."""

    source: str
    target: str
    route: Route
    words: Wording
    generation: int | None
    """Of what the translators keep, as the text came; None where nothing of it is to be kept."""


class TextTranslation:
    """Translates single texts by the cheapest route, with formulas and preferred terms kept."""

    def __init__(self, translators: Translators, phrases: Sequence[Phrase], *, kept: int = KEPT) -> None:
        """`phrases`: the table of formulas; `kept`: routes and wordings that are kept at most."""
        self._kept = kept
        self._translators = translators
        self._phrases = phrases
        self._directions: tuple[Direction, ...] = ()
        self._routes: dict[tuple[str, str, bool], Route | None] = {}
        self._reachable: dict[str, tuple[str, ...]] = {}
        self._wordings: dict[tuple[str, str, Terms], Wording] = {}
        translators.changed(self._changed)

    def _changed(self) -> None:
        self._directions = self._translators.directions
        self._routes.clear()
        self._reachable.clear()

    def route(self, source: str, target: str, *, here: bool = False) -> Route | None:
        """The way from one language (BCP-47) to another; None where there is none now.

        `here`: the text must not be sent to somebody else's machine.
        """
        key = (source, target, here)
        if key not in self._routes:
            if len(self._routes) >= self._kept:
                self._routes.clear()
            open_to_it = [each for each in self._directions if not (here and each.remote)]
            self._routes[key] = best_route(open_to_it, source, target)
        return self._routes[key]

    def reachable(self, source: str) -> tuple[str, ...]:
        """Languages (primary tags) into which a text can be translated now."""
        if source not in self._reachable:
            if len(self._reachable) >= self._kept:
                self._reachable.clear()
            self._reachable[source] = reachable(self._directions, source)
        return self._reachable[source]

    @property
    def reach(self) -> Reach:
        """How it stands, for the operator."""
        sources = sorted({primary(each.source) for each in self._directions})
        return Reach(
            connected=self._translators.connected,
            ways={source: self.reachable(source) for source in sources},
            missing=self._translators.missing,
        )

    async def prepare(self, source: str, target: str) -> None:
        """Texts from one language into the other will come."""
        route = self.route(source, target)
        for direction in route.hops if route is not None else ():
            await self._translators.prepare(direction)

    async def translate(
        self, text: str, source: str, target: str, terms: Terms | None = None, *, keep: bool = True, here: bool = False
    ) -> Made:
        """The text in the target's language. Without `keep` nothing of it stays in memory; `here` as for `route`.

        A long text goes part by part: what else is said comes in between, and no engine takes long for one.

        Raises NoTranslator where no way is open now, and TranslationFailed where it failed this time.
        """
        route = self.route(source, target, here=here)
        if route is None:
            raise NoTranslator(f"There is no way from {source} to {target} now.")
        way = _Way(
            source=source,
            target=target,
            route=route,
            words=self._wording(source, target, terms or Terms()),
            generation=self._translators.generation if keep else None,
        )
        made = [(await self._part(part, way), gap) for part, gap in parts_of(text)]
        return Made(text=together(made, target), route=route, wording=way.words.version)

    async def _part(self, text: str, way: _Way) -> str:
        ready = prepared(text, way.source, way.words)
        done = finished(await self._through(ready.texts, way), ready, way.target)
        if done is None:  # An engine lost or doubled what stood for a term.
            otherwise = await self._through([marked_otherwise(each) for each in ready.texts], way)
            done = finished([marked_as_first(each) for each in otherwise], ready, way.target)
        if done is None:
            ready = ready.unprotected
            done = finished(await self._through(ready.texts, way), ready, way.target)
        if not done:
            raise TranslationFailed(f"Nothing came from {way.source} to {way.target}.")
        return done

    async def text(
        self, text: str, source: str, target: str, terms: Terms | None = None, *, here: bool = False
    ) -> Made | Refusal:
        """Translate one text for somebody who asks for it and always gets an answer. Nothing of it is kept."""
        if not text.strip() or len(text) > LONGEST:
            return refuse(RefusalCode.INVALID, f"A text to be translated has 1 to {LONGEST} characters.")
        try:
            return await self.translate(text, source, target, terms, keep=False, here=here)
        except TranslationFailed as failed:
            if isinstance(failed, NoTranslator) and not isinstance(failed, LinkLost):
                return refuse(RefusalCode.UNKNOWN, "No translation between these languages is installed here.")
            return refuse(RefusalCode.UNAVAILABLE, "The text could not be translated; try again.")

    async def _through(self, texts: Sequence[str], way: _Way) -> list[str]:
        done = []
        for each in texts:
            text = each
            for direction in way.route.hops:
                # What holds nothing of a glossary is the same with any: into Portuguese, and through it into Spanish.
                depends = way.words.version if MARK.search(text) or OTHER_MARK.search(text) else ""
                # The text may have been removed while it was on its way.
                keep = way.generation == self._translators.generation
                text = await self._translators.hop(text, direction, depends, keep=keep)
            done.append(text)
        return done

    def _wording(self, source: str, target: str, terms: Terms) -> Wording:
        key = (source, target, Terms(forced=tuple(sorted(terms.forced.items())), names=terms.names))  # type: ignore[arg-type]
        if key not in self._wordings:
            if len(self._wordings) >= self._kept:
                self._wordings.clear()
            self._wordings[key] = wording(self._phrases, terms.forced, source, target, terms.names)
        return self._wordings[key]


def parts_of(text: str, most: int = MOST) -> list[tuple[str, str]]:
    """The parts of a text, each with the white space behind it; together they are the text, but for white space before
    it. A part has at most `most` characters, none at its ends is white space, and none goes over the end of a line.
    """
    found: list[tuple[str, str]] = []
    rest = text.lstrip()
    while rest:
        line = _END_OF_LINE.split(rest, maxsplit=1)[0].rstrip()
        part = line if len(line) <= most else line[: _cut(line, most)].rstrip()
        after = rest[len(part) :]
        rest = after.lstrip()
        found.append((part, after[: len(after) - len(rest)]))
    return found


def together(parts: Sequence[tuple[str, str]], target: str) -> str:
    """Translated parts, each with what stood behind its source, as one text in the `target` language (BCP-47)."""
    space = "" if primary(target) in _TOGETHER else " "
    made = "".join(text + (gap if _END_OF_LINE.search(gap) else space) for text, gap in parts)
    return made.rstrip()


def _cut(line: str, most: int) -> int:
    """Where a line that is too long is cut: behind a sentence, else behind a word, else anywhere."""
    for ends in (_SENTENCE, _WORD):
        places = [match.end() for match in ends.finditer(line[: most + 1]) if len(line[: match.end()].rstrip()) <= most]
        if places and places[-1] > most // 3:
            return places[-1]
    return most
