"""A show of hands: the fold of its events, and how it is told. Pure.

Remote people choose on a page, the hands in the room are counted by a person. Both stand beside each other.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import types as ev
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import PollId

FEWEST_OPTIONS, MOST_OPTIONS = 2, 8


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A question to everybody at once, with answers to choose from."""

    id: PollId
    number: int
    """What it is called by, counted from 1."""
    question: str
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    t: int
    """When it was opened, media ms."""
    remote: tuple[int, ...]
    """How many have chosen each option on their page."""
    room: tuple[int, ...]
    """How many hands a person has counted for each."""
    quiet: bool = False
    """Whether its numbers are shown only while it is closed."""
    open: bool = True
    void: bool = False
    """Whether it was opened by mistake, and is shown nowhere."""
    closed: int | None = None
    """When it was closed last, media ms; None while it is open."""

    @property
    def sums(self) -> tuple[int, ...]:
        """Remote and room together, an option each."""
        return tuple(remote + room for remote, room in zip(self.remote, self.room, strict=True))


class PollRow(msgspec.Struct, frozen=True, kw_only=True):
    """An option as it is shown."""

    text: str
    remote: int
    room: int
    sum: int
    share: int
    """Of all hands, whole percent; 0 where there are none."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser has chosen in a show of hands."""

    option: int | None = None
    """The answer that is counted, or will be; None: none is."""
    waits: bool = False
    """Whether it was chosen in a hub's room, and the meeting has not counted it yet."""
    late: int | None = None
    """A newer choice that reached the meeting after the close, and does not count."""


NO_CHOICE = Choice()


def evolve_polls(polls: tuple[Poll, ...], event: ev.PollFact) -> tuple[Poll, ...]:
    """All polls of a session after `event`, in the order in which they were opened first."""
    known = poll_of(polls, event.poll)
    match event:
        case ev.PollOpened() if known is None:
            none = (0,) * len(event.options)
            return (*polls, made_of(Poll, event, id=event.poll, remote=none, room=none))
        case ev.PollOpened():
            return _with(polls, event.poll, open=True, void=False, closed=None)
        case ev.PollCounted():
            return _with(polls, event.poll, remote=event.remote, room=event.room)
        case _:
            return _with(polls, event.poll, open=False, void=event.void, closed=event.t)


def poll_of(polls: tuple[Poll, ...], name: PollId) -> Poll | None:
    """One of them."""
    return next((poll for poll in polls if poll.id == name), None)


def open_poll(polls: tuple[Poll, ...]) -> Poll | None:
    """The open show of hands."""
    return next((poll for poll in polls if poll.open), None)


def shown_polls(polls: tuple[Poll, ...]) -> list[Poll]:
    """Those that everybody sees: the open one first, then the newest."""
    return sorted((poll for poll in polls if not poll.void), key=lambda poll: (poll.open, poll.number), reverse=True)


def rows_of(poll: Poll) -> list[PollRow]:
    """Its options in their order, with the hands for each."""
    every = sum(poll.sums)
    return [
        PollRow(
            text=text, remote=remote, room=room, sum=both, share=(200 * both + every) // (2 * every) if every else 0
        )
        for text, remote, room, both in zip(poll.options, poll.remote, poll.room, poll.sums, strict=True)
    ]


def _with(polls: tuple[Poll, ...], name: PollId, **fields: object) -> tuple[Poll, ...]:
    """With one of them changed; as they are, where that isn't there: its opening may have been removed."""
    return tuple(msgspec.structs.replace(poll, **fields) if poll.id == name else poll for poll in polls)
