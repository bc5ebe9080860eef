"""The status of a running server, in the figures that its operator asks for (`moothall status`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.services.metrics.measures import FEWEST_READERS
from moothall.services.operation.findings import GIGABYTE


class SessionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is on."""

    session: str
    title: str
    place: str
    """Title of its room; empty without one."""
    status: str
    """`open` or `paused`."""
    readers: int | None
    """None where fewer than five read: so small a number could reveal who reads."""
    lag_s: int
    """Seconds by which its text is behind the sound."""
    words_age_s: int | None
    """Seconds since the last words; None where there were none."""
    alarms: tuple[str, ...] = ()
    """Kinds of its alarms (docs/reference/alarms.md)."""


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The role of a server in its house, where it is one of several nodes."""

    name: str
    keeper: str | None
    """Name of the node that keeps the house; None while none does."""
    keeper_address: str
    """Address at which other nodes reach the keeper; empty while there is none."""
    one_copy: bool = False
    """Whether it keeps the house with one copy now, on its own disk, since Redis is away."""
    unconfirmed: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Number of removals that each other node has not confirmed, as far as the keeper knows: the words may still be on
    that node's disk."""
    stuck: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Removals (`session:event`) that a node can't apply though later ones are applied, by the node's name: of all
    nodes at the keeper, only its own at a node that stands by."""
    unfilled: int = 0
    """Number of sessions of which Redis has lost events, as far as the keeper knows: they are refilled."""
    faults: tuple[str, ...] = ()
    """What went wrong with Redis since this node started, each with what to do."""
    copied_ms: int = 0
    """Milliseconds of the keeper's unrecognised sound of which this node has a copy; 0 at the keeper."""

    @property
    def keeps(self) -> bool:
        """Whether this node is the keeper."""
        return self.keeper == self.name


class ServerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole status. Field names are the keys that `moothall status --json` writes."""

    release: str
    address: str
    public: str
    since: int
    """When the server started, Unix ms."""
    at: int
    """When the status was taken, Unix ms."""
    draining: bool
    sessions: tuple[SessionStatus, ...]
    readers: int
    """Readers of all sessions that are on, without those of sessions that fewer than five read."""
    engines: int
    """Number of connected engines."""
    engines_refused: int
    """Number of connected engines whose service refuses their key."""
    engine_room: int | None
    """Number of further channels that fit with late text, once none more fits in time; None while some do."""
    translators: bool
    """Whether any translator is connected."""
    directions: int
    """Number of directions that can be translated."""
    hubs: tuple[str, ...]
    """Names of the hubs that are connected."""
    hubs_known: int
    disk_free: int | None
    disk_all: int | None
    """Size of the disk of the data in bytes, as `disk_free` is its free part; None where they aren't known."""
    open_files: int | None = None
    """Limit of open files of the server; None for a server of an earlier release, which doesn't report it."""
    tree: str = ""
    """Why the public tree stands still, as a sentence; empty while it grows."""
    unstamped: int = 0
    """How often in a row the time-stamping authority gave no stamp for a seal; 0 while it does, or none is asked."""
    node: NodeStatus | None = None
    """Its role as a node; None for a server that is alone. A node that stands by has no sessions, engines, translators
    and hubs."""


def status_lines(status: ServerStatus) -> list[str]:
    """The status as sentences, for a person."""
    up = max(0, status.at - status.since) // 1000
    lines = [
        f"Moothall {status.release} at {status.public}, up for {_lasting(up)}.",
    ]
    if status.node is not None:
        lines.append(_node_line(status.node))
        lines += [_unconfirmed_line(*each) for each in sorted(status.node.unconfirmed.items())]
        lines += [_stuck_line(*each) for each in sorted(status.node.stuck.items())]
        lines += [_unfilled_line(status.node.unfilled)] if status.node.unfilled else []
        lines += [f"Redis can't be trusted any more. {each}" for each in status.node.faults]
    if status.node is not None and not status.node.keeps:
        copied = status.node.copied_ms // 1_000
        lines += [f"Readers here: {status.readers}, without those of sessions that fewer than {FEWEST_READERS} read."]
        lines += [f"Sound that waits for its words at the keeper: {_lasting(copied)} are copied."] if copied else []
        return [*lines, *_disk_lines(status)]
    if status.draining:
        lines.append("It drains: no new session begins, and it ends once those that are on are closed.")
    lines += [_session_line(each) for each in status.sessions] or ["No session is on."]
    lines.append(_readers_line(status))
    lines.append(_engines_line(status))
    lines.append(
        f"Translators: {status.directions} directions."
        if status.translators
        else "Translators: none is connected, so nothing is translated."
    )
    named = f": {', '.join(status.hubs)}" if status.hubs else ""
    lines.append(f"Hubs: {len(status.hubs)} of {status.hubs_known} connected{named}.")
    if status.unstamped:
        times = "once" if status.unstamped == 1 else f"{status.unstamped} times in a row"
        lines.append(f"The time-stamping authority gave no time stamp for a seal, {times}. It is asked again.")
    if status.tree:
        lines.append(f"The public tree stands still, and nothing of it is signed. {status.tree}")
    return [*lines, *_disk_lines(status)]


def _node_line(node: NodeStatus) -> str:
    if node.keeps and node.one_copy:
        return f"Node {node.name} keeps the house on one copy: Redis is away, and what comes now is on this disk alone."
    if node.keeps:
        return f"Node {node.name} keeps the house."
    if node.keeper is None:
        return f"Node {node.name} stands by; no node keeps the house at the moment."
    return f"Node {node.name} stands by; {node.keeper} keeps the house, at {node.keeper_address}."


def _unconfirmed_line(node: str, many: int) -> str:
    removals = "1 removal" if many == 1 else f"{many} removals"
    return f"Node {node} has not confirmed {removals}: its disk may still hold what was removed, until it is back."


def _stuck_line(node: str, removals: Sequence[str]) -> str:
    """A sentence about stuck removals, each named by its session and the event that records it."""
    return (
        f"Node {node} can't apply {', '.join(removals)}, though it has applied later removals: its disk still holds "
        "what was removed. Its log says why."
    )


def _unfilled_line(many: int) -> str:
    sessions = "1 session" if many == 1 else f"{many} sessions"
    return f"Redis lacks events of {sessions}, which are filled again from this disk: leave it as it is meanwhile."


def _disk_lines(status: ServerStatus) -> list[str]:
    if status.disk_free is None or status.disk_all is None:
        return []
    return [f"Disk: {status.disk_free / GIGABYTE:.1f} GB of {status.disk_all / GIGABYTE:.1f} GB are free."]


def _readers_line(status: ServerStatus) -> str:
    few = any(each.readers is None for each in status.sessions)
    without = f", without those of sessions that fewer than {FEWEST_READERS} read" if few else ""
    return f"Readers: {status.readers}{without}."


def _session_line(each: SessionStatus) -> str:
    place = f", {each.place}" if each.place else ""
    words = "no words yet" if each.words_age_s is None else f"last words {_lasting(each.words_age_s)} ago"
    seen_to = f"; to be seen to: {', '.join(each.alarms)}" if each.alarms else ""
    readers = f"fewer than {FEWEST_READERS}" if each.readers is None else each.readers
    return (
        f"- {each.session} ({each.title}{place}): {each.status}, readers: {readers}, text {each.lag_s} s behind, "
        f"{words}{seen_to}"
    )


def _engines_line(status: ServerStatus) -> str:
    if not status.engines:
        return "Engines: none is connected, so nothing is recognised."
    parts = [f"Engines: {status.engines} connected"]
    if status.engine_room is not None:
        parts.append(f"no more texts fit in time, and {status.engine_room} with text that is late")
    if status.engines_refused:
        parts.append(f"whose service refuses the key: {status.engines_refused}")
    return ", ".join(parts) + "."


def _lasting(seconds: int) -> str:
    """A duration for people, such as `3 days 4 h`, `2 h 5 min`, `40 s`."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "days" if days != 1 else "day"), (hours, "h"), (minutes, "min"), (left, "s")]
    first = next((number for number, (count, _) in enumerate(parts) if count), 3)
    shown = [(count, unit) for count, unit in parts[first : first + 2] if count] or [(0, "s")]
    return " ".join(f"{count} {unit}" for count, unit in shown)


def total_readers(sessions: Sequence[SessionStatus]) -> int:
    """Sum of the readers of all sessions that say how many they have."""
    return sum(each.readers or 0 for each in sessions)
