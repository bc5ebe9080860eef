"""The open desks of one session, and the messages to all of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.sessions.state import State
from moothall.services.desks.acts import DeskActs, DeskPresence
from moothall.services.desks.calls import Calls
from moothall.services.desks.questions import LEADERS, DeskQuestions, parts_of
from moothall.services.desks.typed_ahead import takes_unfinished
from moothall.services.reading.feed import Subscription
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff, actor_of

FOR_LEADERS = frozenset({"balance", "set-aside", "lately", "crowds"})
"""Names of news that only desks that lead the discussion get."""


class Push(Protocol):
    """Sends news to a desk. It must not wait."""

    def __call__(self, event: str, body: object, /) -> None:
        """Send `body`, made of plain values for JSON, as the message `event`."""
        ...


class DeskConnection:
    """One open desk."""

    def __init__(self, staff: Staff, live: LiveSession, channel: ChannelId, presence: DeskPresence, push: Push) -> None:
        self.staff = staff
        self.live = live
        self.channel = channel
        self.presence = presence
        self.push = push
        self.subscription: Subscription | None = None
        self.correcting: SegmentId | None = None
        """The line that is open for correction at the desk."""

    @property
    def session(self) -> SessionId:
        """The desk's session."""
        return self.live.id

    @property
    def role(self) -> Role:
        """Role of the person at the desk."""
        return self.staff.role

    @property
    def actor(self) -> Actor:
        """The person at the desk as the actor of commands."""
        return actor_of(self.staff)

    def goes_with(self, removal: BodyRemoved, _: State) -> bool:
        """Whether the text that is being typed is hidden until its next letter, because words of its channel were
        removed.
        """
        return takes_unfinished(removal) or self.channel in removal.through


class SessionDesks:
    """The desks of one session."""

    def __init__(self, acts: DeskActs) -> None:
        self.connections: dict[str, DeskConnection] = {}
        self.acts = acts
        self.doing: dict[str, DeskPresence] = {}
        """The people whose acts are in progress, by the act's shortened id."""
        self.who: dict[CommandId, DeskPresence] = {}
        """The people who did the known acts, where they were at a desk here when they did so."""
        self.sent: dict[str, object] = {}
        self.questions = DeskQuestions()
        self.calls = Calls()

    def tell(self, event: str, body: object, roles: Collection[Role] = STAFF_ROLES) -> None:
        """Send a message to the desks of these roles."""
        for desk in self.connections.values():
            if desk.staff.role in roles:
                desk.push(event, body)

    def tell_questions(self, state: State, wall: int, *, anew: bool = False) -> None:
        """Send changes of the questions to desks that lead the discussion."""
        if any(desk.staff.role in LEADERS for desk in self.connections.values()) or anew:
            body = self.questions.news(state, wall, anew=anew)
            for part in parts_of(body) if body is not None else ():
                self.tell("interventions", part, LEADERS)
