"""The hub's half of the line to the server above: when it is dialled, what is said, what came, and how it is. Pure.

`moothall_hub.uplink.dialling` has the socket: it tells what happened, at which moment, and does what comes back.
The holders of the copies and of the room's acts say what they want, and get the messages for them.

- It is dialled at once, and after a failure later and later, each time at a random moment within the step (full
  jitter, so that the hubs of a server that was restarted don't come back all at once).
- Nothing of a session is passed on before its `Live` has come: what may still be on its way belongs to an older
  `Follow`.
- Acts that have no answer are sent again on the next line, in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from statistics import median_low

from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import PASSING
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.wire.close_codes import CloseCode
from moothall.wire.hub import messages as wire
from moothall.wire.kinds import OtherVersion
from moothall_hub.uplink import parts
from moothall_hub.uplink.centre_clock import sample

BACKOFF = Backoff(first_ms=1_000, last_ms=60_000)
NOBODY_BACKOFF = Backoff(first_ms=1_000, last_ms=10_000)
"""Where nobody answers, or the line broke, a try costs next to nothing, and the cable may be back at any moment."""
GOOD_MS = 60_000
"""A line that was up for so long begins again with the shortest wait."""
GREETING_MS = 20_000
"""How long `Welcome` may take."""
BUSY_MS = 5_000
"""After `busy` and `unavailable` acts are sent again so much later."""
DELAYS = 9
"""Round trips of which the middle one is shown."""


class Link:
    """One line, over all its connections. Each method that takes a moment returns what is to be done, in that order."""

    def __init__(self, node: str, release: str, random: Callable[[], float]) -> None:
        """`node`: this installation's name; `random`: numbers from 0 to 1."""
        self._node = node
        self._release = release
        self._random = random
        self.phase = parts.Phase.WAITING
        self.since = 0
        """When it came up, or when anything was last heard of one that is down, monotonic ms."""
        self.sentence = ""
        """Why it is down; empty while it is up."""
        self.welcome: wire.Welcome | None = None
        """Who this hub is, as it was last said."""
        self._tries = 0
        self._due = 0
        self._said = 0
        """When `Hello` went."""
        self._greeted = 0
        self.heard = 0
        """When anything came from the server above, monotonic ms."""
        self.centre_heard: int | None = None
        """When the centre was last heard, by way of all between, monotonic ms; None before it was."""
        self.quiet = False
        """Whether it is up and what was asked has no answer: for the people here it is down since `heard`."""
        self._asked_at: int | None = None
        """When something was asked since anything came."""
        self._straight = False
        """Whether the server above is the centre."""
        self._pulse_at = 0
        self._delays: deque[int] = deque(maxlen=DELAYS)
        self._asked: dict[SessionId, int] = {}
        """Sessions that are followed, with how many `Follow`s have no answer yet."""
        self._acts: dict[CommandId, wire.Act] = {}
        """Those that were offered and have no answer, in order: `MOST_ACTS`; the others wait in the outbox."""
        self._on_way: set[CommandId] = set()
        self._acts_from: int | None = None
        """When acts are sent again after `busy`."""

    @property
    def delay_ms(self) -> int | None:
        """The last round trip; None before the first."""
        return self._delays[-1] if self._delays else None

    @property
    def usual_delay_ms(self) -> int | None:
        """The middle one of the last `DELAYS`."""
        return median_low(self._delays) if self._delays else None

    @property
    def due(self) -> int | None:
        """When `tick` is next called at the latest, monotonic ms."""
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

    # What happens

    def restart(self, at: parts.Moment) -> list[parts.Do]:
        """Dial at once, from any phase: at the start, and when the hub has been paired again."""
        hang: list[parts.Do] = []
        if self.phase in (parts.Phase.GREETING, parts.Phase.UP, parts.Phase.DIALLING):
            hang = [parts.Hang(CloseCode.NORMAL, "The hub dials anew."), *self._down(at, parts.BROKEN)]
        self._tries = 0
        return [*hang, *self._dial()]

    def tick(self, at: parts.Moment) -> list[parts.Do]:
        """Time has passed."""
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

    def opened(self, at: parts.Moment) -> list[parts.Do]:
        """There is a connection."""
        self.phase, self._greeted = parts.Phase.GREETING, at.monotonic
        return []

    def dialled(self, at: parts.Moment) -> list[parts.Do]:
        """It is about to be dialled: what can go with that."""
        self._said = at.monotonic
        hello = wire.Hello(
            protocol=wire.PROTOCOL, node=self._node, release=self._release, wall=at.wall, signals=wire.SIGNALS
        )
        return [parts.Send(hello), parts.FollowAgain()]

    def refused(self, at: parts.Moment, turned: parts.Turned | None) -> list[parts.Do]:
        """There is none: nobody answers (None), or not with a WebSocket."""
        if turned is None:
            return self._down(at, parts.NOBODY, backoff=NOBODY_BACKOFF)
        if turned.final:
            return self._down(at, turned.final, for_good=True)
        return self._down(at, f"The server above answers with status {turned.status}.")

    def lost(self, at: parts.Moment, code: int) -> list[parts.Do]:
        """The connection has ended, by the server above or on the way; `code` as in its close frame.

        One that broke may have been dead for a while before anybody noticed.
        """
        if code == CloseCode.FENCED:
            return self._down(at, parts.FENCED, for_good=True)
        if code == CloseCode.LOOP:
            return self._down(at, parts.LOOP, for_good=True)
        broke = code == CloseCode.ABNORMAL
        since = self.heard if broke else None
        return self._down(at, parts.BROKEN, backoff=NOBODY_BACKOFF if broke else BACKOFF, since=since)

    def passed_over(self, at: parts.Moment) -> list[parts.Do]:
        """The server above says something of a kind that this release doesn't know: it is there."""
        moves: list[parts.Do] = [parts.Quiet(False)] if self.quiet else []
        self.heard, self._asked_at, self.quiet = at.monotonic, None, False
        return moves

    def received(self, at: parts.Moment, message: wire.ToHub) -> list[parts.Do]:
        """The server above says something."""
        moves = self.passed_over(at)
        if isinstance(message, wire.Welcome | wire.Above):
            self._straight = len(message.above) == 1
        if isinstance(message, wire.Welcome | wire.Above | wire.Pulse):
            self.centre_heard = max(self.centre_heard or 0, at.monotonic - message.age)
        elif self._straight:
            self.centre_heard = at.monotonic
        return [*moves, *self._received(at, message)]

    def _received(self, at: parts.Moment, message: wire.ToHub) -> list[parts.Do]:
        match message:
            case wire.Welcome():
                return self._welcomed(at, message)
            case _ if self.phase is not parts.Phase.UP:
                return self._hang_up(at, CloseCode.PROTOCOL_ERROR, parts.BROKEN)
            case wire.Pulse(echo=0):
                return [parts.Send(wire.Pulse(sent=at.monotonic, echo=message.sent, wall=at.wall))]
            case wire.Pulse():
                return self._measured(at, message)
            case wire.Above():
                looped = self._node in message.above
                return self._looped(at) if looped else [parts.Tell(message)]
            case wire.Live():
                return self._answered(message.session, message)
            case wire.Stopped():
                told = self._answered(message.session, message)
                if told:
                    del self._asked[message.session]
                return told
            case wire.Batch() | wire.Caught() | wire.Signalled():
                return [parts.Tell(message)] if self._asked.get(message.session) == 0 else []
            case wire.Done() | wire.NotDone():
                return self._act_answered(at, message)
            case _:
                return [parts.Tell(message)]

    # What is wanted

    def follow(self, follow: wire.Follow) -> list[parts.Do]:
        """Ask for a session; nothing while there is no line and none is dialled: `Ask` says when."""
        if self.phase not in (parts.Phase.DIALLING, parts.Phase.GREETING, parts.Phase.UP):
            return []
        self._asked[follow.session] = self._asked.get(follow.session, 0) + 1
        return [parts.Send(follow)]

    def leave(self, session: SessionId) -> list[parts.Do]:
        """Want nothing more of a session."""
        if self._asked.pop(session, None) is None:
            return []
        return [parts.Send(wire.Leave(session=session))]

    def say(self, message: wire.Taken | wire.Erased | wire.Translate) -> list[parts.Do]:
        """Send a message that is not sent again on the next connection; nothing while the link is down."""
        return [parts.Send(message)] if self.phase is parts.Phase.UP else []

    def offer(self, acts: Sequence[wire.Act]) -> list[parts.Do]:
        """Acts that have no answer, the oldest first; those that it has already may be among them.

        It takes as many as may be on their way. `OfferActs` says when more may come: as the line comes up and after
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
        at: parts.Moment,
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
        self, at: parts.Moment, code: CloseCode, sentence: str, *, for_good: bool = False, since: int | None = None
    ) -> list[parts.Do]:
        return [parts.Hang(code, sentence), *self._down(at, sentence, for_good=for_good, since=since)]

    def _looped(self, at: parts.Moment) -> list[parts.Do]:
        return self._hang_up(at, CloseCode.LOOP, parts.LOOP, for_good=True)

    def _welcomed(self, at: parts.Moment, welcome: wire.Welcome) -> list[parts.Do]:
        if self.phase is not parts.Phase.GREETING:
            return self._hang_up(at, CloseCode.PROTOCOL_ERROR, parts.BROKEN)
        if self._node in welcome.above:
            return self._looped(at)
        try:
            wire.VERSIONS.require(welcome.protocol)
        except OtherVersion:
            return self._hang_up(at, CloseCode.PROTOCOL_ERROR, parts.OTHER_PROTOCOL)
        self.phase, self.since, self.sentence, self.welcome = parts.Phase.UP, at.monotonic, "", welcome
        first = parts.Measured(sample(self._said, at.monotonic, welcome.wall))
        # Whoever is told may have to wait, and offer others meanwhile: what was offered before goes first.
        return [first, *self._pulse(at), *self._send_acts(), parts.Tell(welcome), parts.OfferActs()]

    def _pulse(self, at: parts.Moment) -> list[parts.Do]:
        self._pulse_at = at.monotonic + wire.PULSE_MS
        if self._asked_at is None:
            self._asked_at = at.monotonic
        # 0 is none: it says that nothing is echoed.
        return [parts.Send(wire.Pulse(sent=max(1, at.monotonic), wall=at.wall))]

    def _measured(self, at: parts.Moment, pulse: wire.Pulse) -> list[parts.Do]:
        trip = at.monotonic - pulse.echo
        if not 0 <= trip <= wire.SILENT_MS:
            return []
        self._delays.append(trip)
        return [parts.Measured(sample(pulse.echo, at.monotonic, pulse.wall))]

    def _answered(self, session: SessionId, message: wire.Live | wire.Stopped) -> list[parts.Do]:
        waiting = self._asked.get(session)
        if waiting is None:
            return []
        self._asked[session] = max(0, waiting - 1)
        return [parts.Tell(message)] if waiting <= 1 else []

    def _act_answered(self, at: parts.Moment, answer: wire.Done | wire.NotDone) -> list[parts.Do]:
        if answer.id not in self._acts:
            return []
        self._on_way.discard(answer.id)
        if isinstance(answer, wire.NotDone) and answer.code in PASSING:
            self._acts_from = at.monotonic + BUSY_MS
            return []
        del self._acts[answer.id]
        return [parts.Tell(answer), parts.OfferActs()]

    def _send_acts(self) -> list[parts.Do]:
        """What was offered and isn't on its way."""
        if self.phase is not parts.Phase.UP or self._acts_from is not None:
            return []
        waiting = [act for act in self._acts.values() if act.id not in self._on_way]
        self._on_way.update(act.id for act in waiting)
        return [*map(parts.Send, waiting)]
