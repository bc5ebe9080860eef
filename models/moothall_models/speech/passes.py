"""Passes that a channel asks for: over what is being said, and over a line that has ended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.events.types import Word
from moothall_models.ports import Window
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.review import EndedLine, Reviewer
from moothall_models.speech.utterance import Utterance

PATIENCE = 1_000
"""A pass should be done this long after the oldest sound that it hears for the first time, ms."""


class PassRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that a channel wants."""

    window: Window
    deadline: int
    """Media ms by which it should be done; between channels the earliest goes first."""
    start: int
    """Media ms of the window's first sample."""
    edge: int
    """Media ms where the window ends."""
    last: bool = False
    """Whether the audio breaks off behind it: what it hears is all there will be of the utterance."""
    asked: int
    """`now` when it was asked for."""
    line: EndedLine | None = None
    """The line that it hears once more; None for a live pass. All other passes go first."""


def live(
    utterance: Utterance,
    edge: int,
    spoken: tuple[tuple[str, ...], float],
    glossary: tuple[str, ...],
    draft: tuple[str, int],
    *,
    last: bool,
    settled: bool,
    margin: int,
    now: int,
) -> PassRequest:
    """The pass over an utterance up to media ms `edge`; `spoken` is what `LanguageChoice.offer` gives, and `draft` what
    `expected` gives. `settled`: nobody speaks at the edge; else words up to `margin` ms before it may stay.
    """
    (languages, switch_p), (text, stands) = spoken, draft
    window = Window(
        audio=utterance.audio(edge),
        languages=languages,
        switch_p=switch_p,
        glossary=glossary,
        tell_odds=True,
        draft=text,
        stands=stands,
        whole=max(0, edge - utterance.start - (0 if settled else margin)),
        settled=settled,
    )
    deadline = max(utterance.covered, utterance.speech_start) + PATIENCE
    return PassRequest(window=window, deadline=deadline, start=utterance.start, edge=edge, last=last, asked=now)


def review(reviewer: Reviewer, glossary: ChannelGlossary, now: int) -> PassRequest | None:
    """The better pass over a line that has ended, if one waits."""
    line = reviewer.next(now)
    if line is None:
        return None
    start, edge = reviewer.span(line)
    window = reviewer.window(line, glossary.told(now))
    return PassRequest(window=window, deadline=now + PATIENCE, start=start, edge=edge, asked=now, line=line)


def expected(committed: Sequence[Word], utterance: Utterance) -> tuple[str, int]:
    """What a pass over all of an utterance will probably hear first: what was heard in its window before.

    And how many signs at the beginning of it are committed.
    """
    text = ""
    for word in committed:
        if word.t1 > utterance.start:
            # The first word of a line stands without its space.
            text += f" {word.text}" if word.text[:1].isalnum() and text[-1:] in (".", "?", "!", ",", "") else word.text
    return text + "".join(word.text for word in utterance.unconfirmed), len(text)
