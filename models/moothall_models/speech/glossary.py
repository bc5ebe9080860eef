"""The choice of names and terms that a pass should prefer: a few that may be spoken now, and none while nobody speaks.

A recogniser that is given many terms hears them where they were not said. So a window gets only terms of the current
speaker or item, terms that were heard lately, and terms that sound like uncertain words of the last passes. The choice
is a function of words and media time alone. See `docs/why/glossary.md`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate

import msgspec

from moothall.core.kernel.letters import is_word
from moothall.core.kernel.written_words import written_words
from moothall.wire.engine import TermHeard
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.sounds import Ear, sounds
from moothall_models.speech.text import CLAUSE_MARKS, CLOSERS, plain
from moothall_models.speech.utterance import Utterance

MOST_TERMS = 5
"""Most terms that one pass gets."""
MOST_SIGNS = 160
"""Most characters of these terms together: some 50 tokens of the 100 that a prompt may have."""
LEAST_SPEECH = 320
"""Speech in a window, ms, below which it gets no terms: a click or a breath must not become a name."""

NEAR = 0.5
"""Constant weight of a term of the current speaker or of the announced item."""
HEARD = 1.0
"""Weight of a term that was just heard."""
RESEMBLED = 2.0
"""Weight of a term that sounds the same as an uncertain word; multiplied by the similarity."""
FORGOTTEN = 0.25
"""Least weight of a term that is given to a pass."""
HEARD_HALF_MS = 30_000
"""Half-life of `HEARD`; a name that is spoken again later is found again by its sound."""
RESEMBLED_HALF_MS = 5_000
"""Half-life of `RESEMBLED`, short since the window with the uncertain word is soon over."""

DOUBT_P = 0.8
"""Probability below which a word may be an unknown term."""
ALIKE = 0.7
"""Least similarity of the sounds (`sounds.alike`)."""
LEAST_SOUNDS = 4
"""Fewest sounds that are compared; fewer resemble too many terms."""
LONGEST_RUN = 4
"""Most successive words that are compared with one term."""
SURE_P = 0.5
"""Average probability from which on words with the spelling of a term count as that term heard."""
PARROTED_P = 0.8
"""Average probability below which a text that consists of given terms alone counts as repeated and not as heard; given
terms get higher probabilities when they are really heard."""
OTHERS_P = 0.35
"""Average probability of the other words below which a term at the beginning of an utterance counts as repeated."""
WITHIN = re.compile("['\u2019-]")
"""Signs within a word at which a term may end."""
REMEMBERED = 40
"""Terms that are remembered as heard or resembled. Overflow: the terms of least weight are forgotten."""


class _Form(msgspec.Struct, frozen=True):
    """Sounds by which a term may be recognised: those of the whole term, or of one of its words."""

    term: str
    sounds: str


class _Letters:
    """The letters of a text, and where its words begin and end: `UN's` holds `UN`, and `run` doesn't."""

    def __init__(self, text: str) -> None:
        words = [plain(part) for word in written_words(text) for part in WITHIN.split(word)]
        self._all = "".join(words)
        self._bounds = {0, *accumulate(map(len, words))}

    def count(self, letters: str) -> int:
        """How often one or several words have these letters together."""
        firsts = self._bounds & {bound - len(letters) for bound in self._bounds}
        return sum(self._all.startswith(letters, first) for first in firsts)


class ChannelGlossary:
    """The terms of one channel, and which of them were heard lately. Mutable."""

    def __init__(
        self,
        terms: Sequence[str] = (),
        near: int = 0,
        heard: Sequence[TermHeard] = (),
        languages: Sequence[str] = (),
        scripts: WrittenScripts = AS_HEARD,
    ) -> None:
        """`terms`, `near` as in `prefer`; `heard`: the `memory` of the previous engine; `languages`: the channel's."""
        self._languages, self._scripts = languages, scripts
        self._heard = {known.term: known.heard for known in heard if known.heard is not None}
        self._resembled = {known.term: (known.resembled, known.much) for known in heard if known.resembled is not None}
        self.prefer(terms, near)

    def prefer(self, terms: Sequence[str], near: int) -> None:
        """Replace the terms, given in order of priority; the first `near` belong to the current speaker or item."""
        self._terms = tuple(dict.fromkeys(term for term in terms if plain(term)))
        self._near = frozenset(terms[: max(0, near)])
        self._spelled: dict[str, list[str]] = {}
        scripts = self._scripts
        for term in self._terms:
            for written in dict.fromkeys((term, *(scripts.text(term, each) for each in self._languages))):
                self._spelled.setdefault(plain(written), []).append(term)
        self._forms = [_Form(term, form) for term in self._terms for form in _forms(term)]
        self._ear = Ear([form.sounds for form in self._forms])
        self._heard = {term: t for term, t in self._heard.items() if term in self._terms}
        self._resembled = {term: known for term, known in self._resembled.items() if term in self._terms}

    @property
    def memory(self) -> tuple[TermHeard, ...]:
        """The state that another engine needs to choose the same terms."""
        return tuple(
            TermHeard(term=term, heard=self._heard.get(term), resembled=resembled, much=much)
            for term in self._terms
            if term in self._heard or term in self._resembled
            for resembled, much in [self._resembled.get(term, (None, 0.0))]
        )

    def choose(self, utterance: Utterance, edge: int, language: str = "") -> tuple[str, ...]:
        """The terms for a window of `utterance` that ends at media ms `edge`, in order of priority and in the script of
        its language; without one as they were given.

        They are not ordered by weight, so that the same set of terms always gives the same prompt.
        """
        if utterance.parroted or utterance.speech_between(utterance.start, edge) < LEAST_SPEECH:
            return ()
        return self.told(edge, language)

    def told(self, now: int, language: str = "") -> tuple[str, ...]:
        """The terms for a pass over speech at media ms `now`: those of greatest weight; as for `choose`."""
        counts = {term: self._count(term, now) for term in self._terms}
        first = sorted((term for term in self._terms if counts[term] >= FORGOTTEN), key=lambda term: -counts[term])
        chosen: set[str] = set()
        signs = 0
        for term in first[:MOST_TERMS]:
            if signs + len(term) <= MOST_SIGNS:
                chosen.add(term)
                signs += len(term)
        return tuple(self._scripts.text(term, language) for term in self._terms if term in chosen)

    def loses(self, before: str, after: str) -> bool:
        """Whether the text `before` spells a term more often than the text `after`."""
        had, has = (_Letters(text) for text in (before, after))
        return any(has.count(term) < had.count(term) for term in self._spelled)

    def heard(self, utterance: Utterance, given: Sequence[str], hypothesis: Hypothesis) -> Hypothesis:
        """Take in the hypothesis of a pass over `utterance` that was `given` these terms, and return it.

        If its words only repeat the terms, it is returned without words, and the utterance gets no more terms. A term
        that is one word gets its spelling where the words part it: ` NET Mundial` becomes ` NETmundial`, in two words
        still, since the next pass may hear one of them alone.
        """
        words = hypothesis.words
        if parroted(words, given, begun=utterance.language is not None):
            utterance.parroted = True
            return Hypothesis(language=hypothesis.language, words=(), likeliest=hypothesis.likeliest)
        if self._terms and words:
            self._note(words, utterance.window_start)
            spelled = self._spelt(words, hypothesis.language)
            return hypothesis if spelled == words else msgspec.structs.replace(hypothesis, words=spelled)
        return hypothesis

    def _spelt(self, words: Sequence[HeardWord], language: str) -> tuple[HeardWord, ...]:
        found = list(words)
        for first in range(len(found)):
            for stop in range(first + 2, min(first + LONGEST_RUN, len(found)) + 1):
                run = found[first:stop]
                terms = self._spelled.get(plain("".join(word.text for word in run)), ())
                term = next((each for each in terms if len(each.split()) == 1), None)
                if term and all(is_word(word.text.strip()) for word in run[:-1]):
                    found[first:stop] = _respelled(run, self._scripts.text(term, language))
        return tuple(found)

    def _count(self, term: str, now: int) -> float:
        count = NEAR if term in self._near else 0.0
        if term in self._heard:
            count += HEARD * _half(now - self._heard[term], HEARD_HALF_MS)
        if term in self._resembled:
            t, much = self._resembled[term]
            count += RESEMBLED * much * _half(now - t, RESEMBLED_HALF_MS)
        return count

    def _note(self, words: Sequence[HeardWord], start: int) -> None:
        """Record which terms these words spell, and which terms their uncertain words sound like."""
        for run in _runs(words):
            t = start + run[-1].t1
            text = "".join(word.text for word in run)
            for term in self._spelled.get(plain(text), ()) if _mean(run) >= SURE_P else ():
                self._heard[term] = max(t, self._heard.get(term, t))
            told = sounds(text) if min(word.p for word in run) < DOUBT_P else ""
            if len(told) >= LEAST_SOUNDS:
                self._resemble(told, t)
        self._forget(start + words[-1].t1)

    def _resemble(self, told: str, t: int) -> None:
        for number, much in self._ear.like(told, ALIKE).items():
            term = self._forms[number].term
            before, had = self._resembled.get(term, (t, 0.0))
            faded = had * _half(t - before, RESEMBLED_HALF_MS)
            if much >= faded:
                self._resembled[term] = (max(t, before), round(much, 3))

    def _forget(self, now: int) -> None:
        """Forget all but the `REMEMBERED` terms of greatest weight at media ms `now`."""
        known = sorted({*self._heard, *self._resembled}, key=lambda term: (-self._count(term, now), term))
        for term in known[REMEMBERED:]:
            self._heard.pop(term, None)
            self._resembled.pop(term, None)


def parroted(words: Sequence[HeardWord], given: Sequence[str], *, begun: bool) -> bool:
    """Whether the words of a pass probably repeat the terms that it was given, and were not said.

    True when they consist of given terms alone and are improbable. Also true before words of the utterance are
    committed (`begun` is False) when a term comes first and the other words are improbable: a decoder does this with
    babble.
    """
    if not words or not given:
        return False
    parts = {part for term in given for part in (plain(term), *(plain(word) for word in term.split())) if part}
    others = [word for word in words if plain(word.text) not in parts]
    if not begun and words[0] not in others and others and _mean(others) < OTHERS_P:
        return True
    return _mean(words) < PARROTED_P and _made_of(plain("".join(word.text for word in words)), parts)


def _made_of(letters: str, parts: Collection[str]) -> bool:
    """Whether a text consists of these parts alone, in any number and order."""
    # Positions before which the text consists of parts.
    cuts = {0}
    for end in range(1, len(letters) + 1):
        if any(end - len(part) in cuts and letters.startswith(part, end - len(part)) for part in parts):
            cuts.add(end)
    return len(letters) in cuts


def _respelled(words: Sequence[HeardWord], term: str) -> list[HeardWord]:
    """The words, which have the letters of a term together, with its spelling and no spaces between them."""
    first, last = words[0].text, words[-1].text
    texts, rest = [], term
    for word in words[:-1]:
        size = next(n for n in range(len(rest) + 1) if len(plain(rest[:n])) >= len(plain(word.text)))
        texts.append(rest[:size])
        rest = rest[size:]
    texts.append(rest + last[len(last.rstrip(CLAUSE_MARKS + CLOSERS)) :])
    texts[0] = " " * first.startswith(" ") + texts[0]
    return [msgspec.structs.replace(word, text=text) for word, text in zip(words, texts, strict=True)]


def _forms(term: str) -> Iterator[str]:
    parts = term.split()
    for text in [term, *(parts if len(parts) > 1 else ())]:
        told = sounds(text)
        if len(told) >= LEAST_SOUNDS:
            yield told


def _runs(words: Sequence[HeardWord]) -> Iterator[Sequence[HeardWord]]:
    for first in range(len(words)):
        for stop in range(first + 1, min(first + LONGEST_RUN, len(words)) + 1):
            yield words[first:stop]


def _mean(words: Sequence[HeardWord]) -> float:
    return sum(word.p for word in words) / len(words)


def _half(age: int, half: int) -> float:
    return float(0.5 ** (max(0, age) / half))
