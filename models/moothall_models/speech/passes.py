"""The passes that a channel requests: live passes over current speech, and better passes over lines that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from moothall.core.events.lines import Word
from moothall_models.ports import Hypothesis, Samples, Window
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.review import Review, Reviewer
from moothall_models.speech.utterance import SAMPLES_A_MS, Utterance

PATIENCE = 1_000
"""Time from the oldest sound that a pass hears first until the pass should be done, ms."""


class PassRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that a channel requests."""

    window: Window
    deadline: int
    """Media ms by which it should be done."""
    start: int
    """Media ms of the window's first sample."""
    edge: int
    """Media ms where the window ends."""
    last: bool = False
    """Whether the audio breaks off after it, so that no later pass will hear more of the utterance."""
    asked: int
    """Media ms at which it was requested, or, of sound that has waited for longer than `PATIENCE`, was due."""
    utterances: int = 1
    """How many utterances its window includes, from the oldest on."""
    once: bool = False
    """Whether its words are committed without a second look, since the engine can't keep up."""
    review: Review | None = None
    """The ended lines that it recognises again; None for a live pass. Live passes have precedence."""


def live(
    utterances: Sequence[Utterance],
    edge: int,
    spoken: tuple[tuple[str, ...], float],
    glossary: tuple[str, ...],
    draft: tuple[str, int],
    *,
    last: bool,
    settled: bool,
    margin: int,
    search: bool,
    once: bool,
    asked: int,
) -> PassRequest:
    """Make the live pass over one utterance or several up to media ms `edge`.

    `spoken` is the result of `LanguageChoice.offer`, `draft` that of `expected`. `settled`: nobody speaks at the edge;
    otherwise only words that end at least `margin` ms before it are likely to be committed. `search`: whether the
    recogniser may search for better and other readings where it is in doubt. `once` and `asked` as in `PassRequest`.
    """
    utterance = utterances[0]
    (languages, switch_p), (text, committed_chars) = spoken, draft
    window = Window(
        audio=_sound(utterances, edge),
        languages=languages,
        switch_p=switch_p,
        glossary=glossary,
        tell_odds=True,
        beam=1 if search else 0,
        draft=text,
        committed_chars=committed_chars,
        whole=max(0, edge - utterance.window_start - (0 if settled else margin)) if search else 0,
        settled=settled,
    )
    deadline = max(utterance.covered, utterance.speech_start) + PATIENCE
    return PassRequest(
        window=window,
        deadline=deadline,
        start=utterance.window_start,
        edge=edge,
        last=last,
        asked=asked,
        utterances=len(utterances),
        once=once,
    )


def _sound(utterances: Sequence[Utterance], edge: int) -> Samples:
    """The sound of these utterances up to media ms `edge`, with nothing but silence between them."""
    end = min(edge, utterances[0].heard)
    pieces = [utterances[0].audio(end)]
    for utterance in utterances[1:]:
        begin, until = max(end, utterance.start), min(edge, utterance.heard)  # Its pre-roll may have been the tail.
        pieces += [np.zeros((begin - end) * SAMPLES_A_MS, np.float32), utterance.audio_between(begin, until)]
        end = until
    return np.concatenate(pieces) if len(pieces) > 1 else pieces[0]


def divided(
    request: PassRequest, hypothesis: Hypothesis, utterances: Sequence[Utterance], missed: int
) -> list[tuple[PassRequest, Hypothesis]]:
    """What a pass over several `utterances` says of each, as if it had been heard by itself.

    A word belongs to the utterance in which its middle lies; the border is in the middle of the pause. A decoder may
    stop early: the last utterances are left out if no word of them came although they have `missed` ms of speech.
    """
    borders = [(one.speech_end + other.speech_start) // 2 for one, other in pairwise(utterances)]
    found: list[tuple[PassRequest, Hypothesis]] = []
    told = 1
    for number, utterance in enumerate(utterances):
        begin = borders[number - 1] if number else request.start
        end = borders[number] if number < len(borders) else request.edge + 1
        before = utterance.window_start - request.start
        words = tuple(
            msgspec.structs.replace(word, t0=max(0, word.t0 - before), t1=max(0, word.t1 - before))
            for word in hypothesis.words
            if max(request.start, begin) <= min(request.edge, request.start + (word.t0 + word.t1) // 2) < end
        )
        if words or utterance.speech_ms < missed:
            told = number + 1
        part = msgspec.structs.replace(
            request,
            start=utterance.window_start,
            edge=min(request.edge, utterance.heard),
            last=request.last and number == len(borders),
            utterances=1,
        )
        odds = () if number else hypothesis.odds  # They are of the whole window, and count once.
        found.append((part, msgspec.structs.replace(hypothesis, words=words, odds=odds)))
    return found[:told]


def in_language(request: PassRequest, language: str, now: int) -> PassRequest:
    """Make the live pass over the same window as `request`, decoded in this language. `now` in media ms."""
    window = msgspec.structs.replace(request.window, languages=(language,), switch_p=0.0)
    return msgspec.structs.replace(request, window=window, asked=now)


def review(reviewer: Reviewer, glossary: ChannelGlossary, now: int, patience: int) -> PassRequest | None:
    """Make the better pass over the lines that wait for one; None when none do. `now` in media ms.

    It may wait for `patience` ms, so that live passes of all channels go first.
    """
    found = reviewer.next(now)
    if found is None:
        return None
    window = reviewer.window(found, glossary.told(now, found.lines[-1].language))
    return PassRequest(
        window=window, deadline=now + patience, start=found.start, edge=found.edge, asked=now, review=found
    )


def expected(committed: Sequence[Word], utterance: Utterance) -> tuple[str, int]:
    """The draft of a pass: the text that earlier passes heard in its window, and how many leading characters of it are
    committed.
    """
    text = ""
    for word in committed:
        if word.t1 > utterance.window_start:
            # The first word of a line is committed without its leading space.
            text += f" {word.text}" if word.text[:1].isalnum() and text[-1:] in (".", "?", "!", ",", "") else word.text
    return text + "".join(word.text for word in utterance.unconfirmed), len(text)
