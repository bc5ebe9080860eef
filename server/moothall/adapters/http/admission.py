"""Who may begin now, and who has to wait: by what beginnings cost, as it was measured, and no chosen rate.

A beginning is what a visitor costs most with: a reader who joins a text or comes back, a page that is made. So many are
in work at a time as fit into `SLICE_MS` by what such ones took before, so that captions and desks have the loop in
between. The others wait, and of each address in its order one is let in: nobody who comes alone waits behind a hall.
Nobody is refused, however often they come, who gets in within `PATIENCE_S`, by how quickly those who wait get through.
Whoever wouldn't is told when they would.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import network
from moothall.core.ports import Randomness

SLICE_MS = 20.0
"""What those in work may cost together; one may always be."""
FIRST_MS = 1.0
"""What one is taken to cost, and how often one gets through, before any was measured (`bench/storm.py`: a reader's cost
is 0.6 ms, a page's 4.7)."""
MOST_MS = 50.0
"""More than this is not the cost of one: it waited for something else."""
WEIGHT = 1 / 16
"""Of the newest in what such ones cost."""
LOOK_AFTER = 50
"""So many get through before their pace is reckoned anew: of a few some wait for the loop, which has other work."""
PATIENCE_S = 8.0
"""Whoever would wait longer for a beginning is told to come back. Whoever waits keeps their beginning."""
SLOW_S = 4.0
"""Nobody is told so before whoever is next has waited so long: of the first, some wait for the loop, which takes those
who come with them. The bound of the queue is that of connections."""
LATEST_S = 60
"""The longest time that anybody is told."""
STUCK_S = 2.0
"""How long one is taken to be in work: longer it waits for something else."""
SPREAD_S = 5
"""Within how many seconds those come back who would get in at the same time."""
OTHER_WORK = 4
"""The loop needs so many times what a beginning costs at most until the next: it takes and reads the connection, and
sends captions meanwhile. More than that passes only while very many dial in one moment, which is soon over."""
BUSY = "busy"
"""By what those are counted who were told to come back."""

Crowded = Callable[[web.Request, int], web.Response]
"""The page for whoever has to wait so many seconds; it comes back by itself."""


class ComeBack(msgspec.Struct, frozen=True):
    """There is no room."""

    seconds: int
    """When to come back."""


class Beginning:
    """A beginning, from being asked for to its end."""

    __slots__ = ("_admission", "asked", "cost", "kind", "name", "ready", "since")

    def __init__(self, admission: Admission, name: bytes, kind: str, now: float) -> None:
        self._admission = admission
        self.name = name
        self.kind = kind
        self.asked = now
        """When it was asked for, s."""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when it may begin."""
        self.since = 0.0
        """When it began, s."""
        self.cost = 0.0
        """What it was taken to cost, ms."""

    def done(self) -> None:
        """It has begun; what it does from now on costs little. To say so twice changes nothing."""
        self._admission.end(self, asyncio.get_running_loop().time())


class Admission:
    """The beginnings of one server. Times are in s, of a clock that never runs back; costs in ms."""

    def __init__(self, randomness: Randomness, refused: Counter[str] | None = None) -> None:
        """`refused`: where it is counted, as `busy`, who was told to come back."""
        self._randomness = randomness
        self._key = randomness.bytes(32)
        self._refused = Counter[str]() if refused is None else refused
        # Bound: `SLICE_MS`; those that are stuck are forgotten.
        self._in_work: OrderedDict[Beginning, None] = OrderedDict()
        # Bound: connections. An address is gone with the last that waits.
        self._queues: OrderedDict[bytes, deque[Beginning]] = OrderedDict()
        # Bound: the kinds that there are.
        self._costs: dict[str, float] = {}
        self._look_at: float | None = None
        self._through = 0
        self._next_away = 0.0
        """When whoever was told last to come back would get in."""
        self.waiting = 0
        """How many wait for a beginning."""
        self.pace_ms = FIRST_MS
        """How long it is from one that gets through to the next, while some wait."""

    def ask(self, address: str, kind: str, now: float) -> Beginning | ComeBack:
        """A beginning of a visitor at `address`, who may have to wait; or when to come back.

        `kind`: such ones cost about the same.
        """
        self._forget_stuck(now)
        name = hmac.digest(self._key, network(address).encode(), hashlib.sha256)[:8]
        if self.waiting and self._wait(name, kind) > PATIENCE_S and now - self._first.asked > SLOW_S:
            return self._later(kind, now)
        if not self.waiting:
            self._look_at, self._through = now, 0
        beginning = Beginning(self, name, kind, now)
        self._queues.setdefault(name, deque()).append(beginning)
        self.waiting += 1
        self._next(now)
        return beginning

    def end(self, beginning: Beginning, now: float) -> None:
        """For `Beginning.done` alone."""
        if beginning in self._in_work:
            del self._in_work[beginning]
            took = min(MOST_MS, 1e3 * (now - beginning.since))
            self._costs[beginning.kind] = (1 - WEIGHT) * self.cost_ms(beginning.kind) + WEIGHT * took
            self._count(now)
        elif not beginning.ready.done():  # Whoever asked has left.
            beginning.ready.cancel()
            queue = self._queues[beginning.name]
            queue.remove(beginning)
            self.waiting -= 1
            if not queue:
                del self._queues[beginning.name]
        self._next(now)

    def cost_ms(self, kind: str) -> float:
        """What one of a kind costs."""
        return self._costs.get(kind, FIRST_MS)

    def _next(self, now: float) -> None:
        """Have those begin for whom there is room: of each address one, and then of each another."""
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
    def _first(self) -> Beginning:
        """Who is let in next, while some wait."""
        return next(iter(self._queues.values()))[0]

    def _pace_s(self, kind: str) -> float:
        return min(self.pace_ms, OTHER_WORK * self.cost_ms(kind)) / 1e3

    def _wait(self, name: bytes, kind: str) -> float:
        """How long another one of an address would wait: until of all as many were let in as it has asked for."""
        own = len(self._queues.get(name, ())) + 1
        others = len(self._queues) + (name not in self._queues)
        return min(self.waiting + 1, own * others) * self._pace_s(kind)

    def _later(self, kind: str, now: float) -> ComeBack:
        """Behind all who wait, and all who were told so before."""
        self._refused[BUSY] += 1
        pace = self._pace_s(kind)
        self._next_away = max(self._next_away, now + self.waiting * pace) + pace
        spread = int.from_bytes(self._randomness.bytes(2), "big") % SPREAD_S
        return ComeBack(min(LATEST_S, int(self._next_away - now) + 1) + spread)

    def _count(self, now: float) -> None:
        """One got through."""
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
        """Middleware by which requests for `routes`, as the router names them, wait to be let in; `others` has all
        other requests. `crowded` answers whoever wanted a page and has to come back for it.
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
                beginning.since = asyncio.get_running_loop().time()  # The loop did other things since.
                if request.transport is None:
                    return web.Response(status=503)  # Whoever asked has left.
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


BEGINNING = web.RequestKey("BEGINNING", Beginning)


def has_begun(request: web.Request) -> None:
    """A reader has what there was to begin with, and follows the text from now on: it is the next one's beginning."""
    beginning = request.get(BEGINNING)
    if beginning is not None:
        beginning.done()
