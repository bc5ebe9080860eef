"""Tests ways from language to language with sentences: how good the translations are, and how fast.

The engines are asked alone, a sentence at a time, without the formulas and terms of a session.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from moothall.core.kernel.languages import primary
from moothall.core.translation.routes import Direction, Route, RouteScore, best_route
from moothall_models.translators.chrf import chrf2
from moothall_models.translators.port import Translator, UnusableTranslation
from moothall_models.translators.sentence_set import SentenceSet

OTHER_SCRIPTS = frozenset({"zh-Hant"})
"""Tags of languages whose sentences are in another script."""


class ScoredWay(msgspec.Struct, frozen=True, kw_only=True):
    """A way that was tested."""

    route: Route
    """With its score; without one where it doesn't work."""
    trouble: str = ""
    """Why it doesn't work, a sentence; empty where it does."""


def ways_between(
    directions: Sequence[Direction], languages: Collection[str], among: Collection[str] = ()
) -> tuple[Route, ...]:
    """Every direction between these languages (primary tags), and the best ways that lead through others.

    `among`: leave out what leads neither from nor to one of these (BCP-47). What is remote, or in a script that the
    sentences are not in, as traditional Chinese, is left out. Shorter ways come first, and those with the same
    last direction beside each other, so that each model is loaded once or twice.
    """
    known = sorted(set(languages))
    given = [each for each in directions if not (each.remote or OTHER_SCRIPTS & {each.source, each.target})]
    single = [Route(hops=(each,)) for each in given if {primary(each.source), primary(each.target)} <= set(known)]
    best = [best_route(given, source, target) for source in known for target in known]
    found = dict.fromkeys(each.hops for each in (*single, *best) if each is not None)
    routes = [Route(hops=hops) for hops in found]
    if among:
        named = set(map(primary, among))
        routes = [each for each in routes if {primary(each.hops[0].source), primary(each.hops[-1].target)} & named]
    return tuple(sorted(routes, key=_order))


def score_ways(
    routes: Sequence[Route],
    sentences: SentenceSet,
    translators: Sequence[Translator],
    seconds: Callable[[], float],
) -> Iterator[ScoredWay]:
    """Test the ways, one after the other. What is tested is released before the next model is loaded, so that hardly
    more memory is needed than for one.
    """
    engines = {each: translator for translator in translators for each in translator.directions}
    asked = _Asked(engines, seconds)
    try:
        for route in routes:
            yield _scored(route, sentences, asked)
    finally:
        asked.rest()


class _Asked:
    """What engines were asked: a sentence goes through a direction once."""

    def __init__(self, engines: Mapping[Direction, Translator], seconds: Callable[[], float]) -> None:
        self._engines, self._seconds = engines, seconds
        self._loaded: Direction | None = None
        # Bound: the sentences of a file, by the ways that were given.
        self._known: dict[tuple[Direction, str], tuple[str, float]] = {}

    def translate(self, texts: Sequence[str], direction: Direction) -> list[tuple[str, float]]:
        """The translations, empty where there is none, each with the time that it took, ms. Raises
        UnusableTranslation when the direction can't be loaded.
        """
        for text in texts:
            if (direction, text) not in self._known:
                self._load(direction, text)
                self._known[direction, text] = self._one(text, direction)
        return [self._known[direction, text] for text in texts]

    def rest(self) -> None:
        """Release what is loaded."""
        if self._loaded is not None:
            self._engines[self._loaded].rest(self._loaded)
            self._loaded = None

    def _load(self, direction: Direction, text: str) -> None:
        if direction != self._loaded:
            self.rest()
            self._loaded = direction
            try:
                self._engines[direction].translate([text], direction)
            except UnusableTranslation:
                raise
            except Exception as error:  # any exception of an engine; without its message, which may quote the text
                names = f"{direction.engine} from {direction.source} to {direction.target}"
                raise UnusableTranslation(f"{names} can't be loaded ({type(error).__name__}).") from None

    def _one(self, text: str, direction: Direction) -> tuple[str, float]:
        began = self._seconds()
        try:
            [made] = self._engines[direction].translate([text], direction)
        except UnusableTranslation:
            made = ""
        return made, 1000 * (self._seconds() - began)


def _scored(route: Route, sentences: SentenceSet, asked: _Asked) -> ScoredWay:
    texts, references = sentences.pair(primary(route.hops[0].source), primary(route.hops[-1].target))
    took = [0.0] * len(texts)
    try:
        for hop in route.hops:
            made = asked.translate(texts, hop)
            texts = [text for text, _ in made]
            took = [before + ms for before, (_, ms) in zip(took, made, strict=True)]
    except UnusableTranslation as failed:
        return ScoredWay(route=route, trouble=str(failed))
    score = RouteScore(
        chrf2=round(chrf2(texts, references), 1),
        ms=round(sum(took) / max(1, len(took)), 1),
        p95_ms=round(sorted(took)[max(0, -(-95 * len(took) // 100) - 1)], 1) if took else 0.0,
        sentences=len(texts),
        own=sentences.own,
    )
    return ScoredWay(route=msgspec.structs.replace(route, score=score))


def _order(route: Route) -> tuple[int, tuple[tuple[str, str, str, str], ...]]:
    return len(route.hops), tuple((hop.engine, hop.source, hop.target, hop.version) for hop in reversed(route.hops))
