"""Admission control: decides who may begin now and who waits, by the measured cost of earlier beginnings rather than a
configured rate.

A beginning is the expensive part of a visit: a reader joins or resumes a text, or a page is rendered. At most so many
are in progress at a time as fit into `SLICE_MS` by their measured cost, so that the event loop serves captions and
desks in between. The others wait in one queue for each address, and the queues take turns, so a single visitor never
waits behind a whole hall. A visitor who would get in within `PATIENCE_S` at the current pace is never refused, however
often they come. A visitor who wouldn't is told when to come back.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter, OrderedDict, deque
from collections.abc import Collection

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import Crowded, network
from moothall.core.ports import Randomness

SLICE_MS = 20.0
"""The most that the beginnings in progress may cost together; one is always let in."""
FIRST_MS = 1.0
"""The assumed cost of a beginning, and the assumed interval between two, before anything was measured
(`bench/storm.py`: a reader costs 0.6 ms, a page 4.7 ms)."""
MOST_MS = 50.0
"""Upper bound of a measured cost: a beginning that took longer was waiting for something else."""
WEIGHT = 1 / 16
"""Weight of the newest measurement in the moving average of a kind's cost."""
LOOK_AFTER = 50
"""Beginnings after which the pace is measured anew. A smaller sample would mislead, since some of its beginnings wait
while the loop does other work."""
PATIENCE_S = 8.0
"""A visitor whose expected wait is longer is told to come back. Whoever is in a queue already stays in it."""
SLOW_S = 4.0
"""Nobody is told to come back before the next in turn has waited so long: the first of a crowd wait only because the
loop is still accepting the others' connections. The number of connections bounds the queues."""
LATEST_S = 60
"""The longest time after which a visitor is told to come back, before `SPREAD_S` is added."""
STUCK_S = 2.0
"""A beginning that takes longer no longer counts as in progress, since it waits for something else."""
SPREAD_S = 5
"""Clients told to come back at the same moment are spread over so many seconds."""
OTHER_WORK = 4
"""The interval between two beginnings is taken to be at most so many times the cost of one: in between, the loop
accepts and reads connections and sends captions. Longer intervals occur only while very many clients connect at once,
which is soon over."""
BUSY = "busy"
"""The key of the `refused` counter for visitors who were told to come back."""


class ComeBack(msgspec.Struct, frozen=True):
    """The answer to a visitor for whom there is no capacity now."""

    seconds: int
    """How long to wait before coming back, in s."""


class AdmissionTicket:
    """One beginning, from its request to its end."""

    __slots__ = ("_admission", "asked", "cost", "kind", "name", "ready", "since")

    def __init__(self, admission: Admission, name: bytes, kind: str, now: float) -> None:
        self._admission = admission
        self.name = name
        self.kind = kind
        self.asked = now
        """When it was requested, in s."""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Completed when it may begin; cancelled when the visitor leaves the queue."""
        self.since = 0.0
        """When it began, in s; 0 while it waits."""
        self.cost = 0.0
        """The cost assumed for it when it began, in ms."""

    def done(self) -> None:
        """Release the admission: the expensive part is over, or the visitor has left. A second call changes nothing."""
        self._admission.end(self, asyncio.get_running_loop().time())


class Admission:
    """The queues of one server. Times are in s of a monotonic clock, costs in ms."""

    def __init__(self, randomness: Randomness, refused: Counter[str] | None = None) -> None:
        """`refused`: the counter in which `busy` counts the visitors who were told to come back."""
        self._randomness = randomness
        self._key = randomness.bytes(32)
        self._refused = Counter[str]() if refused is None else refused
        # Bound: `SLICE_MS`; beginnings that are stuck are removed.
        self._in_work: OrderedDict[AdmissionTicket, None] = OrderedDict()
        # Bound: connections. An address is removed with its last waiting beginning.
        self._queues: OrderedDict[bytes, deque[AdmissionTicket]] = OrderedDict()
        # Bound: the number of kinds.
        self._costs: dict[str, float] = {}
        self._look_at: float | None = None
        self._through = 0
        self._next_away = 0.0
        """When the visitor who was last told to come back would get in, in s."""
        self.waiting = 0
        """How many beginnings wait."""
        self.pace_ms = FIRST_MS
        """The measured interval between two beginnings while some wait."""

    def ask(self, address: str, kind: str, now: float) -> AdmissionTicket | ComeBack:
        """Request a beginning for a visitor at `address`. Returns a beginning, which may have to wait for `ready`, or
        when to come back.

        `kind`: beginnings of the same kind are taken to cost the same.
        """
        self._forget_stuck(now)
        name = hmac.digest(self._key, network(address).encode(), hashlib.sha256)[:8]
        if self.waiting and self._wait(name, kind) > PATIENCE_S and now - self._first.asked > SLOW_S:
            return self._later(kind, now)
        if not self.waiting:
            self._look_at, self._through = now, 0
        beginning = AdmissionTicket(self, name, kind, now)
        self._queues.setdefault(name, deque()).append(beginning)
        self.waiting += 1
        self._next(now)
        return beginning

    def end(self, beginning: AdmissionTicket, now: float) -> None:
        """End a beginning, measure its cost, and admit the next. Called only by `AdmissionTicket.done`."""
        if beginning in self._in_work:
            del self._in_work[beginning]
            took = min(MOST_MS, 1e3 * (now - beginning.since))
            self._costs[beginning.kind] = (1 - WEIGHT) * self.cost_ms(beginning.kind) + WEIGHT * took
            self._count(now)
        elif not beginning.ready.done():  # The visitor left while waiting.
            beginning.ready.cancel()
            queue = self._queues[beginning.name]
            queue.remove(beginning)
            self.waiting -= 1
            if not queue:
                del self._queues[beginning.name]
        self._next(now)

    def cost_ms(self, kind: str) -> float:
        """The average cost of a beginning of this kind, in ms."""
        return self._costs.get(kind, FIRST_MS)

    def _next(self, now: float) -> None:
        """Admit as many as fit into `SLICE_MS`, one of each address in turn."""
        load = sum(each.cost for each in self._in_work)
        while self.waiting:
            beginning = self._first
            cost = self.cost_ms(beginning.kind)
            if self._in_work and load + cost > SLICE_MS:
                break
            name, queue = self._queues.popitem(last=False)
            queue.popleft()
            self.waiting -= 1
            if queue:
                self._queues[name] = queue
            beginning.since, beginning.cost = now, cost
            self._in_work[beginning] = None
            beginning.ready.set_result(None)
            load += cost

    @property
    def _first(self) -> AdmissionTicket:
        """The beginning that is admitted next. Only while some wait."""
        return next(iter(self._queues.values()))[0]

    def _pace_s(self, kind: str) -> float:
        return min(self.pace_ms, OTHER_WORK * self.cost_ms(kind)) / 1e3

    def _wait(self, name: bytes, kind: str) -> float:
        """Expected wait, in s, of one more beginning of an address: until each address has had as many turns as this
        one needs.
        """
        own = len(self._queues.get(name, ())) + 1
        others = len(self._queues) + (name not in self._queues)
        return min(self.waiting + 1, own * others) * self._pace_s(kind)

    def _later(self, kind: str, now: float) -> ComeBack:
        """When to come back: after all who wait and all who were told to come back before."""
        self._refused[BUSY] += 1
        pace = self._pace_s(kind)
        self._next_away = max(self._next_away, now + self.waiting * pace) + pace
        spread = int.from_bytes(self._randomness.bytes(2), "big") % SPREAD_S
        return ComeBack(min(LATEST_S, int(self._next_away - now) + 1) + spread)

    def _count(self, now: float) -> None:
        """Count one finished beginning, and measure the pace after `LOOK_AFTER` of them."""
        if self._look_at is None or not self.waiting:
            self._look_at = None
            return
        self._through += 1
        if self._through >= LOOK_AFTER:
            self.pace_ms = (self.pace_ms + 1e3 * (now - self._look_at) / self._through) / 2
            self._look_at, self._through = now, 0

    def _forget_stuck(self, now: float) -> None:
        while self._in_work and now - next(iter(self._in_work)).since > STUCK_S:
            self._in_work.popitem(last=False)

    def middleware(
        self, address_of: AddressOf, routes: Collection[str], others: Middleware, crowded: Crowded
    ) -> Middleware:
        """A middleware that makes GET requests for `routes` (as the router names them) wait for admission.

        `others` handles all other requests. `crowded` answers a visitor who wanted a page and has to come back for it.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            if request.method != "GET" or resource is None or resource.canonical not in routes:
                return await others(request, handler)
            beginning = self.ask(address_of(request), resource.canonical, asyncio.get_running_loop().time())
            if isinstance(beginning, ComeBack):
                return _later(request, beginning, crowded)
            request[BEGINNING] = beginning
            try:
                await beginning.ready
                # The time until the loop got here isn't part of the cost.
                beginning.since = asyncio.get_running_loop().time()
                if request.transport is None:
                    return web.Response(status=503)  # The visitor has left.
                return await handler(request)
            finally:
                beginning.done()

        return middleware


def _later(request: web.Request, later: ComeBack, crowded: Crowded) -> web.Response:
    if "text/html" in request.headers.get("Accept", ""):
        return crowded(request, later.seconds)
    text = "The server is busy. Try again in a few seconds.\n"
    headers = {"Retry-After": str(later.seconds), "Cache-Control": "no-store"}
    return web.Response(status=503, text=text, headers=headers)


BEGINNING = web.RequestKey("BEGINNING", AdmissionTicket)


def has_begun(request: web.Request) -> None:
    """End the request's beginning, if it has one: the reader has the initial text and only follows it from now on, so
    the next visitor may begin.
    """
    beginning = request.get(BEGINNING)
    if beginning is not None:
        beginning.done()
