"""The passes that a channel requests: live passes over current speech, and better passes over lines that have ended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.events.lines import Word
from moothall_models.ports import Window
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.review import Review, Reviewer
from moothall_models.speech.utterance import Utterance

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
    """Media ms at which it was requested."""
    review: Review | None = None
    """The ended lines that it recognises again; None for a live pass. Live passes have precedence."""


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
    search: bool,
    now: int,
) -> PassRequest:
    """Make the live pass over an utterance up to media ms `edge`.

    `spoken` is the result of `LanguageChoice.offer`, `draft` that of `expected`. `settled`: nobody speaks at the edge;
    otherwise only words that end at least `margin` ms before it are likely to be committed. `search`: whether the
    recogniser may search for better and other readings where it is in doubt. `now` in media ms.
    """
    (languages, switch_p), (text, committed_chars) = spoken, draft
    window = Window(
        audio=utterance.audio(edge),
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
    return PassRequest(window=window, deadline=deadline, start=utterance.window_start, edge=edge, last=last, asked=now)


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
    window = reviewer.window(found, glossary.told(now))
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
