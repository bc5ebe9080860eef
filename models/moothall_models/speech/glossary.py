"""Which names and terms a pass is to prefer: few, those that may be spoken now, and none while nobody speaks.

A recogniser that is told many words hears them where they were not said. So a window gets the terms that stand near
what is going on, those that were heard lately, and those that sound like what the last passes were not sure of.
Everything follows from the words and the media time; nothing is looked up or drawn. `docs/why/glossary.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from moothall.wire.engine import TermHeard
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.sounds import Ear, sounds
from moothall_models.speech.text import plain
from moothall_models.speech.utterance import Utterance

MOST_TERMS = 5
"""What one pass is told at most."""
MOST_SIGNS = 160
"""Characters of these together at most: some 50 tokens of the 100 that a prompt may have."""
LEAST_SPEECH = 320
"""Speech in a window, ms, below which it gets no terms: a click or a breath is not to become a name."""

NEAR = 0.5
"""The weight of a term of the current speaker or of the announced item, at any time."""
HEARD = 1.0
"""What a term counts that was just heard."""
RESEMBLED = 2.0
"""What a term counts that sounds just like something unsure; less alike counts less."""
FORGOTTEN = 0.25
"""A term that counts less than this is not given."""
HEARD_HALF_MS = 30_000
"""Time in which what was heard counts half; a name that comes back later is found by its sound again."""
RESEMBLED_HALF_MS = 5_000
"""Time in which a likeness counts half: the window that had it is over soon."""

DOUBT_P = 0.8
"""A word less probable than this may be a term that was not known."""
ALIKE = 0.7
"""How alike the sounds have to be."""
LEAST_SOUNDS = 4
"""Shorter runs of sounds resemble everything."""
LONGEST_RUN = 4
"""Words that may stand for one term."""
SURE_P = 0.5
"""Average probability from which words that are a term count as heard."""
PARROTED_P = 0.8
"""Average probability below which a text of nothing but given terms is repeated rather than heard: a decoder that was
told a term is the surer of it."""
OTHERS_P = 0.35
"""Average probability below which the other words behind a term that begins an utterance don't speak for it."""
REMEMBERED = 40
"""Terms that are remembered as heard or resembled. Overflow: those that count least are forgotten."""


class _Form(msgspec.Struct, frozen=True):
    """A spelling under which a term may be heard: all of it, or one long word of several."""

    term: str
    sounds: str


class ChannelGlossary:
    """The terms of one channel, and what was heard of them. Mutable: passes come in, terms go out."""

    def __init__(self, terms: Sequence[str] = (), near: int = 0, heard: Sequence[TermHeard] = ()) -> None:
        """`terms`, `near` as in `prefer`; `heard`: the `memory` of the engine before."""
        self._heard = {known.term: known.heard for known in heard if known.heard is not None}
        self._resembled = {known.term: (known.resembled, known.much) for known in heard if known.resembled is not None}
        self.prefer(terms, near)

    def prefer(self, terms: Sequence[str], near: int) -> None:
        """From now on these, in order of their standing; the first `near` belong to what is going on."""
        self._terms = tuple(dict.fromkeys(term for term in terms if plain(term)))
        self._near = frozenset(terms[: max(0, near)])
        self._spelled: dict[str, list[str]] = {}
        for term in self._terms:
            self._spelled.setdefault(plain(term), []).append(term)
        self._forms = [_Form(term, form) for term in self._terms for form in _forms(term)]
        self._ear = Ear([form.sounds for form in self._forms])
        self._heard = {term: t for term, t in self._heard.items() if term in self._terms}
        self._resembled = {term: known for term, known in self._resembled.items() if term in self._terms}

    @property
    def memory(self) -> tuple[TermHeard, ...]:
        """What another engine has to know to choose the same terms."""
        return tuple(
            TermHeard(term=term, heard=self._heard.get(term), resembled=resembled, much=much)
            for term in self._terms
            if term in self._heard or term in self._resembled
            for resembled, much in [self._resembled.get(term, (None, 0.0))]
        )

    def choose(self, utterance: Utterance, edge: int) -> tuple[str, ...]:
        """The terms for a window of `utterance` that ends at media ms `edge`, in order of their standing.

        The order doesn't follow what they count, so that the same terms are always told in the same words.
        """
        if utterance.parroted or utterance.speech_between(utterance.start, edge) < LEAST_SPEECH:
            return ()
        return self.told(edge)

    def told(self, now: int) -> tuple[str, ...]:
        """The terms for a pass at media ms `now` over what somebody has said."""
        counts = {term: self._count(term, now) for term in self._terms}
        first = sorted((term for term in self._terms if counts[term] >= FORGOTTEN), key=lambda term: -counts[term])
        chosen: set[str] = set()
        signs = 0
        for term in first[:MOST_TERMS]:
            if signs + len(term) <= MOST_SIGNS:
                chosen.add(term)
                signs += len(term)
        return tuple(term for term in self._terms if term in chosen)

    def heard(self, utterance: Utterance, given: Sequence[str], hypothesis: Hypothesis) -> Hypothesis:
        """Take in what a pass over `utterance` made of a window for which these terms were given.

        Gives it back; without its words where they only repeat the terms: then the rest of that utterance gets none.
        """
        words = hypothesis.words
        if parroted(words, given, begun=utterance.language is not None):
            utterance.parroted = True
            return Hypothesis(language=hypothesis.language, words=(), likeliest=hypothesis.likeliest)
        if self._terms and words:
            self._note(words, utterance.start)
        return hypothesis

    def _count(self, term: str, now: int) -> float:
        count = NEAR if term in self._near else 0.0
        if term in self._heard:
            count += HEARD * _half(now - self._heard[term], HEARD_HALF_MS)
        if term in self._resembled:
            t, much = self._resembled[term]
            count += RESEMBLED * much * _half(now - t, RESEMBLED_HALF_MS)
        return count

    def _note(self, words: Sequence[HeardWord], start: int) -> None:
        """Remember which terms these words are, and which they sound like."""
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
        """Keep the memory small."""
        known = sorted({*self._heard, *self._resembled}, key=lambda term: (-self._count(term, now), term))
        for term in known[REMEMBERED:]:
            self._heard.pop(term, None)
            self._resembled.pop(term, None)


def parroted(words: Sequence[HeardWord], given: Sequence[str], *, begun: bool) -> bool:
    """Whether a pass rather repeats what it was given than hears it.

    So it is when it has nothing but these terms and isn't sure; or, as long as nothing of the utterance stays
    (`begun`), when a term comes first and all other words are guesses: in babble a decoder begins with it.
    """
    if not words or not given:
        return False
    parts = {part for term in given for part in (plain(term), *(plain(word) for word in term.split())) if part}
    others = [word for word in words if plain(word.text) not in parts]
    if not begun and words[0] not in others and others and _mean(others) < OTHERS_P:
        return True
    return _mean(words) < PARROTED_P and _made_of(plain("".join(word.text for word in words)), parts)


def _made_of(letters: str, parts: Collection[str]) -> bool:
    """Whether a text is nothing but these parts, in any number and order."""
    # Where the text may be cut so that everything before is made of parts.
    cuts = {0}
    for end in range(1, len(letters) + 1):
        if any(end - len(part) in cuts and letters.startswith(part, end - len(part)) for part in parts):
            cuts.add(end)
    return len(letters) in cuts


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
