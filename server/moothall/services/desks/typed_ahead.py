"""Shows lines to readers while they are typed at a desk or in captioning software, before they are sent.

There is one such text for each channel, in memory only, shown like the text of an author whose turn it is (`Typing` in
`core/signals.py`). It becomes a line by the ordinary act, with the same id. Text that would be refused as a line is not
shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from moothall.core.commands import TypeSegment
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NO_MEETING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, is_name
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.lines import MAY_NOT_WRITE, not_taken
from moothall.core.rules.making import MAX_TEXT
from moothall.core.rules.turn_times import has_typed
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.core.signals import Typing
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

ENDS = (ev.SessionPaused, ev.SessionClosed, ev.NotRecordedBegan)
"""Events after which all text that was typed before is hidden."""


def takes_unfinished(removal: ev.BodyRemoved) -> bool:
    """Whether a removal takes all text with it that isn't a line yet: that is so where something is not to be recorded,
    and for a span without lines, since the unfinished text may be what was meant.
    """
    return removal.reason != "request" or not removal.offsets


class Author(Protocol):
    """An author of typed text: a desk, or a stream of captioning software."""

    @property
    def session(self) -> SessionId:
        """The author's session."""
        ...

    @property
    def channel(self) -> ChannelId:
        """The channel into which the author types."""
        ...

    @property
    def role(self) -> Role:
        """The author's role."""
        ...

    @property
    def actor(self) -> Actor:
        """The author as the actor of commands."""
        ...

    def goes_with(self, removal: ev.BodyRemoved, state: State) -> bool:
        """Whether the author's unsent text is hidden with words that were removed. `state`: the session after the
        removal.
        """
        ...


class _Draft(msgspec.Struct, frozen=True):
    author: Author
    signal: Typing


class TypedAhead:
    """The texts that are being typed and shown to readers."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        # Bound: one for each channel of the loaded sessions. Overflow: the newest text replaces the other.
        self._shown: dict[tuple[SessionId, ChannelId], _Draft] = {}
        self.wrote: Callable[[SessionId, ChannelId, str], None] = lambda *_: None
        """Called with the session, the channel and the pseudonym of whoever types, whether the text is shown or not."""
        sessions.observe(self._seen)

    def write(self, author: Author, line: str, text: str, language: str) -> Refusal | None:
        """Show the text of a line so far; an empty text hides it. Returns the reason where nothing is shown."""
        live = self._sessions.loaded(author.session)
        if live is None:
            return NO_MEETING
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
        """The refusal that a line of this role in the channel would get now; None where it would be accepted."""
        if TypeSegment not in COMMANDS[role]:
            return MAY_NOT_WRITE
        return not_taken(state, channel, role)

    def leave(self, author: Author) -> None:
        """Hide the unsent text of an author whose desk is closed or whose stream has ended."""
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
