"""What nodes publish about themselves, and which of them are alive (docs/adr/0037)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.cluster.removals import NOTHING, Applied

QUIET_MS = 3_000
"""How long a node may be silent before it counts as dead, ms."""


class NodeNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a node publishes about itself each second."""

    number: int
    """The node's number, which is part of its terms."""
    address: str
    """Address at which other nodes reach it."""
    release: str
    reach: int
    """Number of events in its logs, all sessions together."""
    fit: bool
    """Whether it could keep the house."""
    beat: int
    """Counter that each note increases, so that an unchanged note belongs to a node that is gone."""
    nodes: tuple[str, ...] = ()
    """Names of all nodes in its settings; empty where the settings name none."""
    left: bool = False
    """Whether it was stopped in an orderly way. Its disk, and so this note, still exist."""
    applied: Applied = NOTHING
    """How much of the list of removals it has applied."""
    term: int = 0
    """The highest term of the house in its logs."""
    book: int = 0
    """Number of the last change of the book that it has."""


class Seen(msgspec.Struct, frozen=True):
    """A note, and when this node first saw it in this state, ms of its own monotonic clock."""

    note: NodeNote
    since: int


def looked(before: dict[str, Seen], notes: dict[str, NodeNote], now: int) -> dict[str, Seen]:
    """Return the notes after another look at them."""
    return {
        name: there if (there := before.get(name)) is not None and there.note == note else Seen(note, now)
        for name, note in notes.items()
    }


def living(seen: dict[str, Seen], now: int) -> dict[str, NodeNote]:
    """The notes of the nodes that are alive."""
    return {name: each.note for name, each in seen.items() if now - each.since < QUIET_MS and not each.note.left}


def candidates_before(own: str, nodes: dict[str, NodeNote]) -> int:
    """How many of the fit nodes take over before `own`: nodes with a later term in their logs, then nodes whose logs
    reach further, then by name.
    """
    mine = nodes.get(own)
    own_rank = (0, 0, own) if mine is None else (-mine.term, -mine.reach, own)
    return sum(note.fit and (-note.term, -note.reach, name) < own_rank for name, note in nodes.items() if name != own)


def same_number(own: str, number: int, nodes: dict[str, NodeNote]) -> str | None:
    """The name of another living node with this node's number; None when there is none. Their terms could be equal."""
    return next((name for name, note in sorted(nodes.items()) if name != own and note.number == number), None)


def awaited(own: str, named: Iterable[str], nodes: dict[str, NodeNote]) -> str | None:
    """The node for which a node without any data waits while Redis has no data either; None when there is none.

    It is another node that has data, or a node in the settings that it has not heard of. Without waiting it would
    create a new house beside the existing one.
    """
    fuller = (name for name, note in sorted(nodes.items()) if name != own and (note.reach or note.book))
    return next(fuller, None) or next((name for name in sorted(named) if name not in nodes), None)


def unlisted(own: str, notes: dict[str, NodeNote]) -> str | None:
    """The name of a node whose list of all nodes lacks this one; None when there is none.

    Such a node may continue with one copy without asking this node, which therefore must not take over the house.
    """
    return next((name for name, note in sorted(notes.items()) if note.nodes and own not in note.nodes), None)
