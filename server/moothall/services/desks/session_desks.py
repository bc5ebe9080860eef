"""The desks of one session: who sits there, and how all of them are told something."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.session.state import State
from moothall.services.desks.acts import DeskActs, Presence
from moothall.services.desks.calls import Calls
from moothall.services.desks.questions import LEADERS, DeskQuestions, parts_of
from moothall.services.desks.typed_ahead import takes_unfinished
from moothall.services.readers.feed import Subscription
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff, actor_of

FOR_LEADERS = frozenset({"balance", "set-aside", "lately", "crowds"})
"""News for desks that lead the discussion alone."""


class Push(Protocol):
    """What hands a desk its news; must not wait."""

    def __call__(self, event: str, body: object, /) -> None:
        """`body` is of plain values, for JSON."""
        ...


class DeskConnection:
    """One desk that is open."""

    def __init__(self, staff: Staff, live: LiveSession, channel: ChannelId, presence: Presence, push: Push) -> None:
        self.staff = staff
        self.live = live
        self.channel = channel
        self.presence = presence
        self.push = push
        self.subscription: Subscription | None = None
        self.correcting: SegmentId | None = None
        """The line that is open in its box."""

    @property
    def session(self) -> SessionId:
        """In which session."""
        return self.live.id

    @property
    def role(self) -> Role:
        """As what."""
        return self.staff.role

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return actor_of(self.staff)

    def goes_with(self, removal: BodyRemoved, _: State) -> bool:
        """Whether what is being typed is shown no more until its next letter comes: words of its text were removed."""
        return takes_unfinished(removal) or self.channel in removal.through


class SessionDesks:
    """The desks of one session."""

    def __init__(self, acts: DeskActs) -> None:
        self.connections: dict[str, DeskConnection] = {}
        self.acts = acts
        self.doing: dict[str, Presence] = {}
        """Who is just doing something, by the act's id, shortened."""
        self.who: dict[CommandId, Presence] = {}
        """Who did what is known of the acts, as far as they were here when they did it."""
        self.sent: dict[str, object] = {}
        self.questions = DeskQuestions()
        self.calls = Calls()

    def tell(self, event: str, body: object, roles: Collection[Role] = STAFF_ROLES) -> None:
        """Tell the desks of these roles."""
        for desk in self.connections.values():
            if desk.staff.role in roles:
                desk.push(event, body)

    def tell_questions(self, state: State, wall: int, *, anew: bool = False) -> None:
        """Tell desks that lead the discussion what has changed of its questions."""
        if any(desk.staff.role in LEADERS for desk in self.connections.values()) or anew:
            body = self.questions.news(state, wall, anew=anew)
            for part in parts_of(body) if body is not None else ():
                self.tell("interventions", part, LEADERS)
