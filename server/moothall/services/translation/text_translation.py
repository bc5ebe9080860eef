"""Translates single texts by the cheapest route over the connected translators, with formulas and terms kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall.core.translation.inflection import Inflection
from moothall.core.translation.phrases import Phrase
from moothall.core.translation.protecting import MARK, OTHER_MARK, marked_as_first, marked_otherwise
from moothall.core.translation.routes import Direction, Route, best_route, reachable
from moothall.core.translation.wording import WordingRules, finished, prepared, wording
from moothall.services.translation.translators import LinkLost, NoTranslator, TranslationFailed, Translators

KEPT = 200
"""Most entries of each cache: of routes, of wordings, of languages with what is reachable from them. Overflow: the
cache is emptied.
"""
LONGEST = 10_000
"""Most characters of a text."""
MOST = 600
"""Most characters of a part: some five sentences, for which the slowest engine takes a second
(docs/why/translation.md).
"""
_END_OF_LINE = re.compile(r"[\n\r]")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{4})[.?!…]+[\"'”’»)\]]*\s+|[。！？؟।]+\s*")  # noqa: RUF001  # all of them end sentences
"""The end of a sentence after a word of at least four letters, since shorter ones may be abbreviations."""
_WORD = re.compile(r"\s+")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A translation, and how it was made."""

    text: str
    route: Route
    wording: str
    """The version of the protected formulas and terms."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A session's own words for one pair of languages."""

    forced: Mapping[str, str] = {}
    """Prescribed translations by the terms as spoken."""
    names: tuple[str, ...] = ()
    """Further names and terms, in their spelling with capitals."""
    forms: Mapping[str, Inflection] = {}
    """The forms of prescribed translations, by the translation."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """The translations that are possible now."""

    connected: bool = False
    """Whether any translator is connected."""
    ways: Mapping[str, tuple[str, ...]] = {}
    """The languages into which each language can be translated (primary tags)."""
    missing: tuple[str, ...] = ()
    """What to install for more languages, as English sentences for the operator."""
    rough: Mapping[str, tuple[str, ...]] = {}
    """Those of `ways` that give hardly more than the gist."""


class _Way(msgspec.Struct, frozen=True, kw_only=True):
    """The route and the options for the parts of one text."""

    source: str
    target: str
    route: Route
    words: WordingRules
    generation: int | None
    """The translators' cache generation when the text arrived; None where nothing may be cached."""


class TextTranslation:
    """Translates single texts by the cheapest route; formulas and preferred terms stay as prescribed."""

    def __init__(self, translators: Translators, phrases: Sequence[Phrase], *, kept: int = KEPT) -> None:
        """`phrases`: the table of formulas; `kept`: the size of the caches."""
        self._kept = kept
        self._translators = translators
        self._phrases = phrases
        self._directions: tuple[Direction, ...] = ()
        self._routes: dict[tuple[str, str, bool], Route | None] = {}
        self._reachable: dict[tuple[str, bool], tuple[str, ...]] = {}
        self._reach: Reach | None = None
        self._wordings: dict[tuple[object, ...], WordingRules] = {}
        translators.changed(self._changed)

    def _changed(self) -> None:
        self._directions = self._translators.directions
        self._routes.clear()
        self._reachable.clear()
        self._reach = None

    def route(self, source: str, target: str, *, here: bool = False) -> Route | None:
        """The cheapest route from one language (BCP-47) to another; None where there is none now.

        `here`: the text must not be sent to a machine of somebody else.
        """
        key = (source, target, here)
        if key not in self._routes:
            if len(self._routes) >= self._kept:
                self._routes.clear()
            found = best_route(self._open(here=here), source, target)
            if found is not None:
                found = msgspec.structs.replace(found, score=self._translators.score(found.hops))
            self._routes[key] = found
        return self._routes[key]

    def reachable(self, source: str, *, here: bool = False) -> tuple[str, ...]:
        """The languages (primary tags) into which a text in `source` can be translated now; `here` as for `route`."""
        key = (source, here)
        if key not in self._reachable:
            if len(self._reachable) >= self._kept:
                self._reachable.clear()
            self._reachable[key] = reachable(self._open(here=here), source)
        return self._reachable[key]

    def _open(self, *, here: bool) -> list[Direction]:
        return [each for each in self._directions if not (here and each.remote)]

    @property
    def reach(self) -> Reach:
        """All translations that are possible now, for the operator."""
        if self._reach is None:
            self._reach = self._reach_now()
        return self._reach

    def _reach_now(self) -> Reach:
        sources = sorted({primary(each.source) for each in self._directions})
        ways = {source: self.reachable(source) for source in sources}
        return Reach(
            connected=self._translators.connected,
            ways=ways,
            missing=self._translators.missing,
            rough={source: rough for source in sources if (rough := self._rough(source, ways[source]))},
        )

    def _rough(self, source: str, targets: Sequence[str]) -> tuple[str, ...]:
        routes = ((target, self.route(source, target)) for target in targets)
        return tuple(target for target, route in routes if route is not None and route.rough)

    async def prepare(self, source: str, target: str, *, here: bool = False) -> None:
        """Have the translators of the route loaded, since texts in this direction follow; `here` as for `route`."""
        route = self.route(source, target, here=here)
        for direction in route.hops if route is not None else ():
            await self._translators.prepare(direction)

    async def translate(
        self, text: str, source: str, target: str, terms: Terms | None = None, *, keep: bool = True, here: bool = False
    ) -> Made:
        """Translate a text. Without `keep` nothing of it is cached; `here` as for `route`.

        A long text is translated part by part, so that other texts can come between, and no call takes long.

        Raises NoTranslator where there is no route now, and TranslationFailed where this attempt failed.
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
        if done is None:  # An engine lost or doubled the mark of a term.
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
        """Translate one text on request, with a refusal in place of exceptions. Nothing of it is cached."""
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
                # Without marks of terms the result doesn't depend on the glossary, so all targets share it: into
                # Portuguese, and through Portuguese into Spanish.
                depends = way.words.version if MARK.search(text) or OTHER_MARK.search(text) else ""
                # The text may have been removed since the translation began.
                keep = way.generation == self._translators.generation
                text = await self._translators.hop(text, direction, depends, keep=keep)
            done.append(text)
        return done

    def _wording(self, source: str, target: str, terms: Terms) -> WordingRules:
        forced, forms = tuple(sorted(terms.forced.items())), tuple(sorted(terms.forms.items()))
        key = (source, target, terms.names, forced, forms)
        if key not in self._wordings:
            if len(self._wordings) >= self._kept:
                self._wordings.clear()
            self._wordings[key] = wording(self._phrases, terms.forced, source, target, terms.names, forms=terms.forms)
        return self._wordings[key]


def parts_of(text: str, most: int = MOST) -> list[tuple[str, str]]:
    """Split a text into parts, each with the white space after it; together they are the text without its leading white
    space. A part has at most `most` characters, no white space at its ends, and no line break in it.
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
    """Join translated parts, each with the white space after its source, to one text in `target` (BCP-47)."""
    space = "" if primary(target) in WRITTEN_TOGETHER else " "
    made = "".join(text + (gap if _END_OF_LINE.search(gap) else space) for text, gap in parts)
    return made.rstrip()


def _cut(line: str, most: int) -> int:
    """The index at which to cut a line that is too long: after a sentence, else after a word, else anywhere."""
    for ends in (_SENTENCE, _WORD):
        breaks = [match.end() for match in ends.finditer(line[: most + 1]) if len(line[: match.end()].rstrip()) <= most]
        if breaks and breaks[-1] > most // 3:
            return breaks[-1]
    return most
