"""Lines that readers see while they are typed, at a desk or in captioning software, before they are sent.

One text a channel, in memory alone, shown as that of an author whose turn it is (`Typing` in `core/signals.py`): it
becomes a line by the ordinary act, under the same id. Nothing is shown of what would not be taken as a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from moothall.core.commands import TypeSegment
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, is_name
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.lines import not_taken
from moothall.core.rules.making import MAX_TEXT
from moothall.core.rules.turn_now import has_typed
from moothall.core.session.parts import Channel
from moothall.core.session.state import State
from moothall.core.signals import Typing
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

ENDS = (ev.SessionPaused, ev.SessionClosed, ev.NotRecordedBegan)
"""After these nothing that was typed before is shown any more."""


def takes_unfinished(removal: ev.BodyRemoved) -> bool:
    """Whether everything goes with it that is no line yet: what is not to be kept, and a span in which there was no
    line, since it may be just that.
    """
    return removal.reason != "request" or not removal.offsets


class Author(Protocol):
    """Who types: a desk, or a stream of captioning software."""

    @property
    def session(self) -> SessionId:
        """In which session."""
        ...

    @property
    def channel(self) -> ChannelId:
        """Into which text."""
        ...

    @property
    def role(self) -> Role:
        """As what."""
        ...

    @property
    def actor(self) -> Actor:
        """Who."""
        ...

    def goes_with(self, removal: ev.BodyRemoved, state: State) -> bool:
        """Whether what they have not sent goes with words that were removed; `state`: the session after it."""
        ...


class _Draft(msgspec.Struct, frozen=True):
    author: Author
    signal: Typing


class TypedAhead:
    """What is being typed and shown to readers."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        # Bound: one a channel of the sessions that are loaded. Overflow: the newest text takes the place of the other.
        self._shown: dict[tuple[SessionId, ChannelId], _Draft] = {}
        self.wrote: Callable[[SessionId, ChannelId, str], None] = lambda *_: None
        """Told who writes in which text, shown or not."""
        sessions.observe(self._seen)

    def write(self, author: Author, line: str, text: str, language: str) -> Refusal | None:
        """Show what a line reads so far; empty takes it away. Says why nothing is shown."""
        live = self._sessions.loaded(author.session)
        if live is None:
            return refuse(RefusalCode.UNKNOWN, "There is no such session here.")
        state, channel = live.state, live.state.channels[author.channel]
        self.wrote(live.id, author.channel, author.actor.id)
        refused = self.refusal(state, channel, author.role)
        if refused is None and not channel.air.writes(author.actor.id):
            refused = refuse(RefusalCode.CONFLICT, "Somebody else is on air: your line is offered once you send it.")
        if refused is None and not (is_name(line) and language in channel.languages and len(text) <= MAX_TEXT):
            message = f"A line needs an id, one of its channel's languages and at most {MAX_TEXT} characters."
            refused = refuse(RefusalCode.INVALID, message)
        key = live.id, author.channel
        before = self._shown.get(key)
        if refused is not None or not text.strip() or line in state.segments or has_typed(state.questions):
            if before is not None and before.author is author:
                self._wipe(key)
            return refused
        signal = Typing(
            channel=channel.id,
            segment=SegmentId(line),
            text=text.rstrip(),
            language=language,
            speaker=channel.speaker,
        )
        self._shown[key] = _Draft(author, signal)
        live.writer.signal(signal)
        return None

    @staticmethod
    def refusal(state: State, channel: Channel, role: Role) -> Refusal | None:
        """Why no line of this text would be taken now."""
        if TypeSegment not in COMMANDS[role]:
            return refuse(RefusalCode.FORBIDDEN, "Your link writes no lines.")
        return not_taken(state, channel, role)

    def leave(self, author: Author) -> None:
        """The desk is closed, or the stream over: what it has not sent is shown no more."""
        key = author.session, author.channel
        shown = self._shown.get(key)
        if shown is not None and shown.author is author:
            self._wipe(key)

    def _wipe(self, key: tuple[SessionId, ChannelId]) -> None:
        shown = self._shown.pop(key)
        if (live := self._sessions.loaded(key[0])) is not None:
            live.writer.signal(msgspec.structs.replace(shown.signal, text=""))

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        over = any(isinstance(event, ENDS) for event in publication.events)
        removals = [event for event in publication.events if isinstance(event, ev.BodyRemoved)]
        for key, shown in list(self._shown.items()):
            if key[0] != live.id:
                continue
            off_air = not live.state.channels[key[1]].air.writes(shown.author.actor.id)
            goes = over or off_air or any(shown.author.goes_with(each, live.state) for each in removals)
            if goes or shown.signal.segment in live.state.segments:
                self._wipe(key)
