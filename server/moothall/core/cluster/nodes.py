"""What nodes tell one another of themselves, and which of them live (docs/adr/0037)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.cluster.removals import NOTHING, Applied

QUIET_MS = 3_000
"""A node that has said nothing for so long is taken for dead."""


class NodeNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a node says of itself each second."""

    number: int
    """Of the node, in its terms."""
    address: str
    """Where other nodes reach it."""
    release: str
    reach: int
    """Events that its logs hold, all sessions together."""
    fit: bool
    """Whether it could keep the house."""
    beat: int
    """Raised each time, so that a note that stays as it is tells of a node that is gone."""
    nodes: tuple[str, ...] = ()
    """Names of all nodes, as its settings have them; empty where they name none."""
    left: bool = False
    """Whether it has stopped in an orderly way. Its disk is still there, and so is its note."""
    applied: Applied = NOTHING
    """How far it has come in the list of removals."""
    term: int = 0
    """The highest term of the house that its logs have had."""
    book: int = 0
    """Which change of the book it has."""


class Seen(msgspec.Struct, frozen=True):
    """A note, and when this node first saw it like that, by its own monotonic clock, ms."""

    note: NodeNote
    since: int


def looked(before: dict[str, Seen], notes: dict[str, NodeNote], now: int) -> dict[str, Seen]:
    """What is known of the nodes after another look at their notes."""
    return {
        name: there if (there := before.get(name)) is not None and there.note == note else Seen(note, now)
        for name, note in notes.items()
    }


def living(seen: dict[str, Seen], now: int) -> dict[str, NodeNote]:
    """The notes of those that have said something lately."""
    return {name: each.note for name, each in seen.items() if now - each.since < QUIET_MS and not each.note.left}


def candidates_before(own: str, nodes: dict[str, NodeNote]) -> int:
    """How many of the fit nodes take over before `own`: those whose logs have had a later term, then those that reach
    further, then by name.
    """
    mine = nodes.get(own)
    place = (0, 0, own) if mine is None else (-mine.term, -mine.reach, own)
    return sum(note.fit and (-note.term, -note.reach, name) < place for name, note in nodes.items() if name != own)


def same_number(own: str, number: int, nodes: dict[str, NodeNote]) -> str | None:
    """Another living node that has this node's number, if any: their terms could be the same."""
    return next((name for name, note in sorted(nodes.items()) if name != own and note.number == number), None)


def awaited(own: str, named: Iterable[str], nodes: dict[str, NodeNote]) -> str | None:
    """Whom a node waits for that has nothing, where Redis has nothing either: one that has something, or one of those
    that its settings name and that it has not heard, if any. It would make a new house beside theirs.
    """
    fuller = (name for name, note in sorted(nodes.items()) if name != own and (note.reach or note.book))
    return next(fuller, None) or next((name for name in sorted(named) if name not in nodes), None)


def unlisted(own: str, notes: dict[str, NodeNote]) -> str | None:
    """A node whose list of all nodes lacks this one, if any. It may go on with one copy, and would not ask this node,
    which so must not take the house over.
    """
    return next((name for name, note in sorted(notes.items()) if note.nodes and own not in note.nodes), None)
