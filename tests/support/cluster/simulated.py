"""A house in simulated time: nodes with clocks of their own that restart, Redis that goes away and loses data,
and the log of one session.

The rules are those of `moothall.core.cluster`; the code that carries them out is a short second implementation.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from moothall.core.cluster.lease import BEAT_MS, Lease, LeaseHolding, LeaseWatch, next_term
from moothall.core.cluster.nodes import NodeNote, Seen, candidates_before, living, looked
from moothall.core.cluster.one_copy import ASK_MS, Confirmations, Promise

ANSWER_MS = 2_000
ACT_MS = 300
TELL_MS = 1_000
ASK_AGAIN_MS, PATIENCE_MS = 200, 10_000
"""Interval and time limit of a new keeper's requests for the other nodes' logs."""
Interval = tuple[int, int]
"""Begin and length, in ms."""
Log = tuple[str, ...]


class Back(StrEnum):
    """With which data Redis comes back."""

    SAME = "same"
    OLDER = "older"
    EMPTY = "empty"


class Down(NamedTuple):
    """A time in which Redis is away."""

    begin: int
    length: int
    back: Back = Back.SAME


class Acked(NamedTuple):
    """An act that was acknowledged to somebody."""

    what: str
    node: str
    alone: bool


def within(now: int, some: list[Interval]) -> bool:
    return any(begin <= now < begin + length for begin, length in some)


@dataclass
class World:
    """Real time, and Redis, which runs one script after the other."""

    delay: Callable[[], int]
    downs: list[Down] = field(default_factory=list)
    now: int = 0
    lease: Lease | None = None
    log: Log = ()
    log_term: int = 0
    nodes: list[Node] = field(default_factory=list)
    notes: dict[str, NodeNote] = field(default_factory=dict)
    acked: list[Acked] = field(default_factory=list)
    due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        for down in self.downs:
            self.later(down.begin + down.length, partial(self._lose, down.back))

    def _lose(self, back: Back) -> None:
        if back is Back.EMPTY:
            self.lease, self.log, self.log_term, self.notes = None, (), 0, {}
        elif back is Back.OLDER:
            self.log = self.log[:-3]
            if self.lease is not None:
                self.lease = Lease(node=self.lease.node, address="", term=self.lease.term, beat=self.lease.beat // 2)

    @property
    def is_down(self) -> bool:
        return any(down.begin <= self.now < down.begin + down.length for down in self.downs)

    def later(self, ms: int, act: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.due, (self.now + ms, self.number, act))

    def run(self, until: int, check: Callable[[], None] = lambda: None) -> None:
        while self.now < until:
            self.now, _, act = heapq.heappop(self.due)
            act()
            check()

    def ask(
        self, node: Node, script: Callable[[], object], told: Callable[[object], None], failed: Callable[[], None]
    ) -> None:
        """Run a script at Redis after a delay, and return its answer after another one, if neither
        Redis nor the node is away.

        The node waits for `ANSWER_MS`; a script without an answer by then may have run nevertheless.
        """
        ended, life = False, node.life

        def end(then: Callable[[], None]) -> None:
            nonlocal ended
            if ended or node.life != life:
                return
            if node.asleep:
                self.later(50, lambda: end(then))
                return
            ended = True
            then()

        def gone() -> bool:
            return self.is_down or within(self.now, node.cuts)

        def arrive() -> None:
            if gone():
                self.later(self.delay(), lambda: end(failed))
                return
            answer = script()
            self.later(self.delay(), lambda: end(failed) if gone() else end(lambda: told(answer)))

        self.later(self.delay(), arrive)
        self.later(ANSWER_MS, lambda: end(failed))


@dataclass(eq=False)
class Node:
    """One node. Its disk outlives everything."""

    world: World
    number: int
    rate: float = 1.0
    sleeps: list[Interval] = field(default_factory=list)
    cuts: list[Interval] = field(default_factory=list)
    """Intervals without a connection to Redis."""
    away: list[Interval] = field(default_factory=list)
    """Intervals without a connection to the other nodes."""
    restarts: list[Interval] = field(default_factory=list)
    """Intervals in which its process doesn't run."""
    one_copy: bool = True
    lag: int = 0
    """The interval in ms at which its copy follows; 0 if it follows with each look at the lease."""

    def __post_init__(self) -> None:
        self.name = f"n{self.number}"
        self.disk: Log = ()
        self.disk_term = 0
        """The highest term of its copy."""
        self.aside: set[str] = set()
        self.took = 0
        self.terms: list[int] = []
        self.acts = 0
        self.told = 0
        self.life = 0
        """The number of its process; answers to an earlier process are ignored."""
        self.runs = True
        for begin, length in self.restarts:
            self.world.later(begin, self._die)
            self.world.later(begin + length, self._begin)
        self._begin()

    def _begin(self) -> None:
        """Start as a new process."""
        self.life += 1
        self.runs = True
        self.holding: LeaseHolding | None = None
        self.watch: LeaseWatch | None = None
        self.promise = Promise()
        self.reached, self.reached_at = True, self.clock()
        self.taking = False
        self.known = Confirmations(nodes=frozenset())
        self.seen: dict[str, Seen] = {}
        self.met: set[str] = set()
        self.followed_at = self.clock()
        self.gathers: set[str] | None = None
        """Nodes that it still asks for their logs; None when it asks nobody."""
        self.held = False
        """Whether the log in Redis has had this keeper's term."""
        self.synced = False
        """Whether Redis has everything on the disk, as far as the keeper knows."""
        self.single = False
        """Whether the disk has something that Redis lacks, as far as the keeper knows."""
        self.sent: str | None = None
        """An act that Redis may or may not have."""
        self.busy = False
        for act in (self.beat, self.act, self.tell, self.ask_others)[: 4 if self.one_copy else 3]:
            self._later(self.number, act)

    def _die(self) -> None:
        self.life += 1
        self.runs, self.holding = False, None

    def clock(self) -> int:
        return int(self.world.now * self.rate) + 1_000 * self.number

    @property
    def asleep(self) -> bool:
        return not self.runs or within(self.world.now, self.sleeps)

    @property
    def answers(self) -> bool:
        return self.holding is not None and not self.asleep and self.holding.answers(self.clock())

    @property
    def alone(self) -> bool:
        now, holding = self.clock(), self.holding
        return (
            holding is not None
            and not self.asleep
            and not self.reached
            and not holding.answers(now)
            and self.known.allow(now)
        )

    def _again(self, ms: int, act: Callable[[], None]) -> bool:
        self._later(max(1, int(ms / self.rate)), act)
        return not self.asleep

    def _later(self, ms: int, act: Callable[[], None]) -> None:
        life = self.life
        self.world.later(ms, lambda: act() if self.life == life else None)

    def tell(self) -> None:
        """Publish a note on itself, and read the others' notes."""
        if self._again(TELL_MS, self.tell):
            self.world.ask(self, self._told, self._heard, lambda: None)

    def _told(self) -> dict[str, NodeNote]:
        self.told += 1
        term = self.disk_term if self.holding is None else self.holding.lease.term
        reach = len(self.disk)
        note = NodeNote(number=self.number, address="", release="", reach=reach, fit=True, beat=self.told, term=term)
        self.world.notes[self.name] = note
        return dict(self.world.notes)

    def _heard(self, notes: object) -> None:
        assert isinstance(notes, dict)
        self.seen = looked(self.seen, notes, self.clock())
        self.met |= notes.keys()

    @property
    def living(self) -> dict[str, NodeNote]:
        return living(self.seen, self.clock())

    def beat(self) -> None:
        """Renew the lease as its holder, else look at it."""
        if not self._again(BEAT_MS if self.holding is not None else BEAT_MS // 2, self.beat):
            return
        sent, holding, world = self.clock(), self.holding, self.world
        if holding is None:
            if not self.taking:
                world.ask(self, lambda: (world.lease, world.log, world.log_term), self._looked, self._unreached)
            return
        own = holding.answers(sent) or self.known.returns(sent)
        world.ask(
            self,
            lambda: self._renew(holding.lease, own=own),
            lambda done: self._renewed(holding, sent, done),
            self._unreached,
        )

    def _unreached(self) -> None:
        if self.watch is not None:
            self.watch = self.watch.away(self.clock(), self.reached_at)
        self.reached = False

    def _renew(self, mine: Lease, *, own: bool) -> bool:
        lease = self.world.lease
        if lease is None and own:
            self.world.lease = mine
            return True
        if lease is None or lease.term != mine.term:
            return False
        self.world.lease = Lease(node=self.name, address="", term=mine.term, beat=lease.beat + 1)
        return True

    def _renewed(self, holding: LeaseHolding, sent: int, done: object) -> None:
        self.reached, self.reached_at = True, self.clock()
        if self.holding is None or self.holding.lease.term != holding.lease.term:
            return
        if done:
            self.holding = self.holding.renewed(sent)
        else:
            self.holding, self.watch, self.sent = None, None, None

    def _looked(self, seen: object) -> None:
        self.reached, self.reached_at = True, self.clock()
        if self.holding is not None or self.taking:
            return
        assert isinstance(seen, tuple)
        lease, log, term = seen
        if self.clock() - self.followed_at >= self.lag:
            self.followed_at = self.clock()
            self._follow(log, term)
        sent = self.clock()
        self.watch = LeaseWatch.begun(lease, sent) if self.watch is None else self.watch.looked(lease, sent)
        self.promise = self.promise.found(sent)
        rank = candidates_before(self.name, self.living)
        if self.name not in self.living or not self.watch.due(sent, rank) or not self.promise.free(sent):
            return
        known = [note.term for note in self.living.values()]
        term, doubtful = next_term(self.number, lease.term if lease else 0, self.disk_term, *known), self.watch.doubtful
        self.taking = True
        self.world.ask(
            self,
            lambda: self._take(lease, term),
            lambda done: self._taken(term, sent, done, doubtful=doubtful),
            self._untaken,
        )

    def _take(self, seen: Lease | None, term: int) -> bool:
        if self.world.lease != seen:
            return False
        self.world.lease = Lease(node=self.name, address="", term=term, beat=0)
        return True

    def _taken(self, term: int, sent: int, done: object, *, doubtful: bool) -> None:
        self.taking = False
        if done:
            lease = Lease(node=self.name, address="", term=term, beat=0)
            self.holding, self.watch = LeaseHolding(lease=lease, sent=sent), None
            self.promise, self.held, self.synced, self.single = Promise(), False, False, False
            self.sent, self.busy = None, False
            self.took += 1
            self.terms.append(term)
            self.gathers = self.met - {self.name} if doubtful else None
            self._gather(self.clock() + PATIENCE_MS, {*self.met})

    def _gather(self, until: int, asked: set[str]) -> None:
        """Ask the others for their logs, before any act of this term: each node once, and
        living ones until they answer.
        """
        left = self.gathers
        if left is None or self.holding is None:
            return
        left &= asked
        if not left or self.clock() >= until:
            self.gathers = None
            return
        if self._again(ASK_AGAIN_MS, lambda: self._gather(until, {*self.living})):
            for other in [each for each in self.world.nodes if each.name in left]:
                self._ask(other, other.stand, self._gathered)

    def stand(self) -> tuple[Log, int]:
        """Return its log and term, in answer to another node."""
        return self.disk, self.disk_term

    def _gathered(self, name: str, answer: object) -> None:
        if self.gathers is None or name not in self.gathers:
            return
        assert isinstance(answer, tuple)
        log, term = answer
        self.gathers.discard(name)
        if (term, len(log)) > (self.disk_term, len(self.disk)):
            self._follow(log, term)

    def _ask(self, other: Node, question: Callable[[], object], told: Callable[[str, object], None]) -> None:
        """Ask another node, over the network between the nodes."""
        world, life = self.world, (self.life, other.life)

        def cut() -> bool:
            gone = self.asleep or other.asleep or life != (self.life, other.life)
            return gone or within(world.now, self.away) or within(world.now, other.away)

        def arrive() -> None:
            if not cut():
                answer = question()
                world.later(world.delay(), lambda: None if cut() else told(other.name, answer))

        world.later(world.delay(), arrive)

    def _untaken(self) -> None:
        self.taking = False
        self._unreached()

    def _follow(self, log: Log, term: int) -> None:
        """Bring the copy up to date with a log of this term."""
        if log[: len(self.disk)] == self.disk:
            self.disk = log
        elif self.disk[: len(log)] != log and self.disk_term <= term:
            self.aside |= set(self.disk) - set(log)
            self.disk = log
        self.disk_term = max(self.disk_term, term)

    def confirm(self) -> bool:
        """Answer the keeper whether this node is without Redis too; a promise if so."""
        if self.holding is not None or self.reached or self.taking:
            return False
        self.promise = self.promise.again()
        return True

    def ask_others(self) -> None:
        """Ask the others whether they are without Redis too."""
        if not self._again(ASK_MS, self.ask_others) or self.holding is None or self.reached or self.answers:
            return
        sent, world = self.clock(), self.world
        self.known = self.known.of(frozenset(other.name for other in world.nodes if other is not self))

        def hear(name: str, says: object) -> None:
            self.known = self.known.confirmed(name, sent) if says else self.known.not_confirmed(name, sent)

        for other in world.nodes:
            if other is not self:
                self._ask(other, other.confirm, hear)

    def act(self) -> None:
        """Store something on somebody's request."""
        if not self._again(ACT_MS, self.act) or self.holding is None or self.gathers is not None:
            return
        if self.alone and self.held:
            if self.sent is not None and self.sent not in self.disk:
                self.disk += (self.sent,)
            self.sent = None
            self.disk += (what := self._next(),)
            if self.alone:
                self.world.acked.append(Acked(what, self.name, alone=True))
            self.single = True
        elif self.answers and not self.busy:
            self.busy = True
            term = self.holding.lease.term
            if not self.synced or self.single or self.sent is not None:
                mine = self.disk
                self.world.ask(self, lambda: self._sync(term, mine), lambda log: self._in_sync(term, log), self._free)
            else:
                self.sent, after = self._next(), len(self.disk)
                what = self.sent
                self.world.ask(
                    self,
                    lambda: self._append(term, after, what),
                    lambda done: self._appended(term, what, done),
                    self._free,
                )

    def _next(self) -> str:
        self.acts += 1
        return f"{self.name}:{self.acts}"

    def _free(self) -> None:
        self.busy = False

    def _sync(self, term: int, mine: Log) -> Log | None:
        """Bring disk and Redis up to date with each other, if no later term exists; returns the log, or None."""
        world = self.world
        if world.log_term > term:
            return None
        world.log_term = term
        if mine[: len(world.log)] == world.log:
            world.log = mine
        return world.log

    def _in_sync(self, term: int, log: object) -> None:
        self.busy = False
        if not isinstance(log, tuple) or self.holding is None or self.holding.lease.term != term:
            return
        if self.disk[: len(log)] != log:
            assert not self.single, "What was acknowledged with one copy is contradicted by its own keeper."
            self._follow(log, term)
        self.disk_term = term
        self.held, self.synced, self.single, self.sent = True, True, len(self.disk) > len(log), None

    def _append(self, term: int, after: int, what: str) -> bool:
        world = self.world
        if world.log_term != term or len(world.log) != after:
            return False
        world.log += (what,)
        return True

    def _appended(self, term: int, what: str, done: object) -> None:
        self.busy = False
        if self.holding is None or self.holding.lease.term != term or self.sent != what:
            return
        if not done:
            self.synced, self.sent = False, None
            return
        self.disk += (what,)
        self.sent = None
        if self.answers:
            self.world.acked.append(Acked(what, self.name, alone=False))
