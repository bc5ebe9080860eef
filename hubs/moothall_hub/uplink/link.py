"""The state machine of a hub's uplink: when to dial, what to send, how to treat messages, and its state. Pure.

`moothall_hub.uplink.dialling` has the socket. It reports what happened and when, and carries out the returned steps.
The owners of the copies and of the room's acts say what they want, and get the messages for it.

- The uplink is dialled at once, and after each failure later, at a random moment within a growing limit (full jitter,
  so that the hubs of a restarted server don't all return at once).
- No message of a session is passed on before its `Live`: an earlier one may belong to an older `Follow`.
- Unanswered acts are sent again on the next connection, in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from statistics import median_low

from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import PASSING
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.kinds import OtherVersion
from moothall_hub.uplink import parts
from moothall_hub.uplink.centre_clock import sample

BACKOFF = Backoff(first_ms=1_000, last_ms=60_000)
NOBODY_BACKOFF = Backoff(first_ms=1_000, last_ms=10_000)
"""The back-off when no server answers or the connection broke: a try costs little, and the cable may be back any
time."""
GOOD_MS = 60_000
"""After a connection of this many ms, the next back-off begins with the shortest wait."""
GREETING_MS = 20_000
"""The most ms that the server above may take to send `Welcome`."""
BUSY_MS = 5_000
"""Milliseconds until acts are sent again after the refusals `busy` and `unavailable`."""
DELAYS = 9
"""The number of round trips of which the median is shown."""


class Link:
    """The uplink, over all its connections. Methods that take a moment return the steps to carry out, in order."""

    def __init__(self, node: str, release: str, random: Callable[[], float]) -> None:
        """`node` is this installation's name; `random` returns numbers from 0 to 1."""
        self._node = node
        self._release = release
        self._random = random
        self.phase = parts.Phase.WAITING
        self.since = 0
        """When the uplink came up; or, while it is down, when the server above was last heard or it went down.
        Monotonic ms."""
        self.sentence = ""
        """Why the uplink is down; empty while it is up."""
        self.welcome: wire.Welcome | None = None
        """The last `Welcome`, which says who this hub is; None before the first."""
        self._tries = 0
        self._due = 0
        self._said = 0
        """When `HubHello` was sent, in monotonic ms."""
        self._greeted = 0
        self.heard = 0
        """When anything was last received from the server above, in monotonic ms."""
        self.centre_heard: int | None = None
        """When the centre was last heard, through all hubs in between, in monotonic ms; None before the first time."""
        self.quiet = False
        """Whether the uplink is up but a pulse has no answer. For people it then counts as down since `heard`."""
        self._asked_at: int | None = None
        """When the oldest pulse was sent that has no answer, in monotonic ms; None: nothing has been sent since the
        last message."""
        self._straight = False
        """Whether the server above is the centre."""
        self._pulse_at = 0
        self._delays: deque[int] = deque(maxlen=DELAYS)
        self._asked: dict[SessionId, int] = {}
        """The followed sessions, with how many `Follow`s have no answer yet."""
        self._acts: dict[CommandId, wire.Act] = {}
        """Offered acts that have no answer, in order, at most `MOST_ACTS`; the others wait in the outbox."""
        self._on_way: set[CommandId] = set()
        self._acts_from: int | None = None
        """When acts are sent again after `busy`, in monotonic ms; None: at once."""

    @property
    def usual_delay_ms(self) -> int | None:
        """The median of the last `DELAYS` round trips, in ms; None before the first."""
        return median_low(self._delays) if self._delays else None

    @property
    def due(self) -> int | None:
        """The latest time of the next call of `tick`, in monotonic ms; None: no call is needed."""
        match self.phase:
            case parts.Phase.WAITING:
                return self._due
            case parts.Phase.GREETING:
                return self._greeted + GREETING_MS
            case parts.Phase.UP:
                acts = [] if self._acts_from is None else [self._acts_from]
                quiet = [] if self.quiet or self._asked_at is None else [self._asked_at + wire.ANSWER_MS]
                return min([self._pulse_at, self.heard + wire.SILENT_MS, *acts, *quiet])
        return None

    # Events

    def restart(self, at: parts.ClockReading) -> list[parts.Do]:
        """Dial at once, from any phase: at the start, and when the hub has been paired again."""
        hang: list[parts.Do] = []
        if self.phase in (parts.Phase.GREETING, parts.Phase.UP, parts.Phase.DIALLING):
            hang = [parts.Hang(CloseCode.NORMAL, "The hub dials anew."), *self._down(at, parts.BROKEN)]
        self._tries = 0
        return [*hang, *self._dial()]

    def tick(self, at: parts.ClockReading) -> list[parts.Do]:
        """Do what is due at this time."""
        now = at.monotonic
        if self.phase is parts.Phase.WAITING and now >= self._due:
            return self._dial()
        if self.phase is parts.Phase.GREETING and now >= self._greeted + GREETING_MS:
            return self._hang_up(at, CloseCode.TRY_LATER, parts.SILENT)
        if self.phase is not parts.Phase.UP:
            return []
        if now >= self.heard + wire.SILENT_MS:
            return self._hang_up(at, CloseCode.GOING_AWAY, parts.SILENT, since=self.heard)
        done: list[parts.Do] = []
        if not self.quiet and self._asked_at is not None and now >= self._asked_at + wire.ANSWER_MS:
            self.quiet = True
            done.append(parts.Quiet(True))
        if now >= self._pulse_at:
            done += self._pulse(at)
        if self._acts_from is not None and now >= self._acts_from:
            self._acts_from = None
            done += [*self._send_acts(), parts.OfferActs()]
        return done

    def opened(self, at: parts.ClockReading) -> list[parts.Do]:
        """Note that a connection is open."""
        self.phase, self._greeted = parts.Phase.GREETING, at.monotonic
        return []

    def dialled(self, at: parts.ClockReading) -> list[parts.Do]:
        """Return the messages that are sent together with the dial, which follows."""
        self._said = at.monotonic
        hello = wire.HubHello(
            protocol=wire.PROTOCOL,
            node=self._node,
            release=self._release,
            wall=at.wall,
            signals=wire.SIGNALS,
            cosigns=True,
        )
        return [parts.Send(hello), parts.FollowAgain()]

    def refused(self, at: parts.ClockReading, turned: parts.Turned | None) -> list[parts.Do]:
        """Note that dialling failed: no server answered (None), or not with a WebSocket."""
        if turned is None:
            return self._down(at, parts.NOBODY, backoff=NOBODY_BACKOFF)
        if turned.final:
            return self._down(at, turned.final, for_good=True)
        return self._down(at, f"The server above answers with status {turned.status}.")

    def lost(self, at: parts.ClockReading, code: int) -> list[parts.Do]:
        """Note that the connection has ended, by the server above or on the way. `code` is that of its close frame.

        A connection that broke may have been dead for some time, so it counts as down since anything was last heard.
        """
        if code == CloseCode.FENCED:
            return self._down(at, parts.FENCED, for_good=True)
        if code == CloseCode.LOOP:
            return self._down(at, parts.LOOP, for_good=True)
        broke = code == CloseCode.ABNORMAL
        since = self.heard if broke else None
        return self._down(at, parts.BROKEN, backoff=NOBODY_BACKOFF if broke else BACKOFF, since=since)

    def passed_over(self, at: parts.ClockReading) -> list[parts.Do]:
        """Note a message of a kind that this release does not know: it shows that the server above is there."""
        moves: list[parts.Do] = [parts.Quiet(False)] if self.quiet else []
        self.heard, self._asked_at, self.quiet = at.monotonic, None, False
        return moves

    def received(self, at: parts.ClockReading, message: wire.ToHub) -> list[parts.Do]:
        """Process a message of the server above."""
        moves = self.passed_over(at)
        if isinstance(message, wire.Welcome | wire.Above):
            self._straight = len(message.above) == 1
        if isinstance(message, wire.Welcome | wire.Above | wire.HubPulse):
            self.centre_heard = max(self.centre_heard or 0, at.monotonic - message.age)
        elif self._straight:
            self.centre_heard = at.monotonic
        return [*moves, *self._received(at, message)]

    def _received(self, at: parts.ClockReading, message: wire.ToHub) -> list[parts.Do]:
        match message:
            case wire.Welcome():
                return self._welcomed(at, message)
            case _ if self.phase is not parts.Phase.UP:
                return self._hang_up(at, CloseCode.PROTOCOL_ERROR, parts.BROKEN)
            case wire.HubPulse(echo=0):
                return [parts.Send(wire.HubPulse(sent=at.monotonic, echo=message.sent, wall=at.wall))]
            case wire.HubPulse():
                return self._measured(at, message)
            case wire.Above():
                looped = self._node in message.above
                return self._looped(at) if looped else [parts.MessageReceived(message)]
            case wire.Live():
                return self._answered(message.session, message)
            case wire.Stopped():
                told = self._answered(message.session, message)
                if told:
                    del self._asked[message.session]
                return told
            case wire.Batch() | wire.Caught() | wire.Signalled():
                return [parts.MessageReceived(message)] if self._asked.get(message.session) == 0 else []
            case wire.ActDone() | wire.ActNotDone():
                return self._act_answered(at, message)
            case _:
                return [parts.MessageReceived(message)]

    # Requests

    def follow(self, follow: wire.Follow) -> list[parts.Do]:
        """Follow a session. Does nothing while there is no connection; `FollowAgain` says when to follow again."""
        if self.phase not in (parts.Phase.DIALLING, parts.Phase.GREETING, parts.Phase.UP):
            return []
        self._asked[follow.session] = self._asked.get(follow.session, 0) + 1
        return [parts.Send(follow)]

    def leave(self, session: SessionId) -> list[parts.Do]:
        """Unsubscribe from a session."""
        if self._asked.pop(session, None) is None:
            return []
        return [parts.Send(wire.Leave(session=session))]

    def say(self, message: wire.Taken | wire.Erased | wire.TranslateQuestion | wire.CheckpointAnswer) -> list[parts.Do]:
        """Send a message that is not repeated on the next connection. Does nothing while the uplink is down."""
        return [parts.Send(message)] if self.phase is parts.Phase.UP else []

    def offer(self, acts: Sequence[wire.Act]) -> list[parts.Do]:
        """Offer unanswered acts, the oldest first; acts that were offered before may be among them.

        It accepts as many as may be on their way. `OfferActs` asks for more: when the uplink comes up, and after
        answers.
        """
        for act in acts:
            if len(self._acts) >= wire.MOST_ACTS:
                break
            self._acts.setdefault(act.id, act)
        return self._send_acts()

    # Parts

    def _dial(self) -> list[parts.Do]:
        self.phase = parts.Phase.DIALLING
        return [parts.Dial()]

    def _down(
        self,
        at: parts.ClockReading,
        sentence: str,
        *,
        for_good: bool = False,
        backoff: Backoff = BACKOFF,
        since: int | None = None,
    ) -> list[parts.Do]:
        was_up = self.phase is parts.Phase.UP
        if was_up and at.monotonic - self.since >= GOOD_MS:
            self._tries = 0
        self._due = at.monotonic + round(self._random() * backoff.wait_ms(self._tries))
        self._tries += 1
        self.phase = parts.Phase.OVER if for_good else parts.Phase.WAITING
        if was_up or not self.sentence:
            self.since = at.monotonic if since is None else since
        self.sentence = sentence
        self.quiet, self._asked_at = False, None
        self._asked.clear()
        self._on_way.clear()
        self._acts_from = None
        self._delays.clear()
        return [parts.Down(sentence, for_good)]

    def _hang_up(
        self,
        at: parts.ClockReading,
        code: CloseCode,
        sentence: str,
        *,
        for_good: bool = False,
        since: int | None = None,
    ) -> list[parts.Do]:
        return [parts.Hang(code, sentence), *self._down(at, sentence, for_good=for_good, since=since)]

    def _looped(self, at: parts.ClockReading) -> list[parts.Do]:
        return self._hang_up(at, CloseCode.LOOP, parts.LOOP, for_good=True)

    def _welcomed(self, at: parts.ClockReading, welcome: wire.Welcome) -> list[parts.Do]:
        if self.phase is not parts.Phase.GREETING:
            return self._hang_up(at, CloseCode.PROTOCOL_ERROR, parts.BROKEN)
        if self._node in welcome.above:
            return self._looped(at)
        try:
            wire.VERSIONS.require(welcome.protocol)
        except OtherVersion:
            return self._hang_up(at, CloseCode.PROTOCOL_ERROR, parts.OTHER_PROTOCOL)
        self.phase, self.since, self.sentence, self.welcome = parts.Phase.UP, at.monotonic, "", welcome
        first = parts.ClockMeasured(sample(self._said, at.monotonic, welcome.wall))
        # The receiver of `Welcome` may have to wait, and offer other acts meanwhile; acts offered before go first.
        return [first, *self._pulse(at), *self._send_acts(), parts.MessageReceived(welcome), parts.OfferActs()]

    def _pulse(self, at: parts.ClockReading) -> list[parts.Do]:
        self._pulse_at = at.monotonic + wire.PULSE_MS
        if self._asked_at is None:
            self._asked_at = at.monotonic
        # 0 would mean that nothing is echoed.
        return [parts.Send(wire.HubPulse(sent=max(1, at.monotonic), wall=at.wall))]

    def _measured(self, at: parts.ClockReading, pulse: wire.HubPulse) -> list[parts.Do]:
        trip = at.monotonic - pulse.echo
        if not 0 <= trip <= wire.SILENT_MS:
            return []
        self._delays.append(trip)
        return [parts.ClockMeasured(sample(pulse.echo, at.monotonic, pulse.wall))]

    def _answered(self, session: SessionId, message: wire.Live | wire.Stopped) -> list[parts.Do]:
        waiting = self._asked.get(session)
        if waiting is None:
            return []
        self._asked[session] = max(0, waiting - 1)
        return [parts.MessageReceived(message)] if waiting <= 1 else []

    def _act_answered(self, at: parts.ClockReading, answer: wire.ActDone | wire.ActNotDone) -> list[parts.Do]:
        if answer.id not in self._acts:
            return []
        self._on_way.discard(answer.id)
        if isinstance(answer, wire.ActNotDone) and answer.code in PASSING:
            self._acts_from = at.monotonic + BUSY_MS
            return []
        del self._acts[answer.id]
        return [parts.MessageReceived(answer), parts.OfferActs()]

    def _send_acts(self) -> list[parts.Do]:
        """Send the offered acts that are not on their way."""
        if self.phase is not parts.Phase.UP or self._acts_from is not None:
            return []
        waiting = [act for act in self._acts.values() if act.id not in self._on_way]
        self._on_way.update(act.id for act in waiting)
        return [*map(parts.Send, waiting)]
