"""A show of hands: the fold of its events, and the rows in which it is shown.

Remote people choose on a page; a person counts the hands in the room. Both counts are shown side by side.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import questions as qe
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import PollId

FEWEST_OPTIONS, MOST_OPTIONS = 2, 8


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A question to everybody at once, with answers to choose from."""

    id: PollId
    number: int
    """The public number, counted from 1."""
    question: str
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    t: int
    """When it was opened, media ms."""
    remote: tuple[int, ...]
    """How many have chosen each option on their page, in the order of the options."""
    room: tuple[int, ...]
    """How many hands in the room a person has counted for each option."""
    quiet: bool = False
    """Whether the counts are shown only while it is closed."""
    open: bool = True
    void: bool = False
    """Whether it was opened by mistake, and is shown nowhere."""
    closed: int | None = None
    """When it was last closed, media ms; None while it is open."""

    @property
    def sums(self) -> tuple[int, ...]:
        """Remote and room together, for each option."""
        return tuple(remote + room for remote, room in zip(self.remote, self.room, strict=True))


class PollRow(msgspec.Struct, frozen=True, kw_only=True):
    """An option with its counts, as it is shown."""

    text: str
    remote: int
    room: int
    sum: int
    share: int
    """Percentage of all hands, rounded to an integer; 0 when there are no hands."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser has chosen in a show of hands."""

    option: int | None = None
    """Index of the option that is counted, or will be; None when none is."""
    waits: bool = False
    """Whether the choice was made in a hub's room, and the meeting has not counted it yet."""
    late: int | None = None
    """Index of a newer choice that reached the meeting after the close, and is not counted; None when there is none."""


NO_CHOICE = Choice()


def evolve_polls(polls: tuple[Poll, ...], event: qe.PollFact) -> tuple[Poll, ...]:
    """Return all shows of hands after `event`, in the order in which they were first opened."""
    known = poll_of(polls, event.poll)
    match event:
        case qe.PollOpened() if known is None:
            none = (0,) * len(event.options)
            return (*polls, made_of(Poll, event, id=event.poll, remote=none, room=none))
        case qe.PollOpened():
            return _with(polls, event.poll, open=True, void=False, closed=None)
        case qe.PollCounted():
            return _with(polls, event.poll, remote=event.remote, room=event.room)
        case _:
            return _with(polls, event.poll, open=False, void=event.void, closed=event.t)


def poll_of(polls: tuple[Poll, ...], name: PollId) -> Poll | None:
    """The show of hands with this id, or None."""
    return next((poll for poll in polls if poll.id == name), None)


def open_poll(polls: tuple[Poll, ...]) -> Poll | None:
    """The open show of hands, or None."""
    return next((poll for poll in polls if poll.open), None)


def shown_polls(polls: tuple[Poll, ...]) -> list[Poll]:
    """The shows of hands that everybody sees: the open one first, then the newest first."""
    return sorted((poll for poll in polls if not poll.void), key=lambda poll: (poll.open, poll.number), reverse=True)


def rows_of(poll: Poll) -> list[PollRow]:
    """The options in their order, with the hands for each."""
    every = sum(poll.sums)
    return [
        PollRow(
            text=text, remote=remote, room=room, sum=both, share=(200 * both + every) // (2 * every) if every else 0
        )
        for text, remote, room, both in zip(poll.options, poll.remote, poll.room, poll.sums, strict=True)
    ]


def _with(polls: tuple[Poll, ...], name: PollId, **fields: object) -> tuple[Poll, ...]:
    """Return a copy in which one show of hands has these fields. An unknown id changes nothing: its opening may have
    been removed.
    """
    return tuple(msgspec.structs.replace(poll, **fields) if poll.id == name else poll for poll in polls)
