"""Logs about outcomes, for tests of their rules and folds."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import Citation, MessageKind
from moothall.core.kernel.ids import ChannelId, CitationId, InterventionId, MessageId, SegmentId, SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.sessions.state import State
from support.sessions.deciding import carry_out

HALL = SessionId("open-hall")
M1, M2 = MessageId("m1"), MessageId("m2")


def log(kind: ev.LogKind, *commands: do.AnyCommand) -> State:
    """Return the state of a new log of this kind after these commands."""
    made = do.CreateSession(title="A title", languages=("en",), kind=kind)
    return carry_out(State(id=SessionId("log")), made, *commands)


def lines(name: str = "c1", **changed: object) -> Citation:
    """Return a citation of two lines of `HALL`."""
    fields: dict[str, object] = {
        "id": CitationId(name),
        "session": HALL,
        "offset": 40,
        "channel": ChannelId("floor"),
        "first": SegmentId("s1"),
        "last": SegmentId("s2"),
        "start": 4,
        "end": 20,
    }
    return Citation(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of a citation, by name


def asked(name: str = "c2", **changed: object) -> Citation:
    """Return a citation of a question that was asked in `HALL`."""
    fields: dict[str, object] = {
        "id": CitationId(name),
        "session": HALL,
        "offset": 41,
        "intervention": InterventionId("p1"),
    }
    return Citation(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of a citation, by name


ASSIGNED = oc.AssignReport(session=HALL, template="session", due=5_000_000, links=("l1",))


def write(message: MessageId = M1, base: int = 0, **changed: object) -> oc.WriteMessage:
    """Return the command that writes a message with two citations."""
    fields: dict[str, object] = {
        "message": message,
        "kind": MessageKind.AGREED,
        "text": "The fund pays.",
        "citations": (lines(), asked()),
        "base_revision": base,
    }
    return oc.WriteMessage(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of the command, by name


def report(*commands: do.AnyCommand) -> State:
    """Return the log of an assigned report after these commands."""
    return log(ev.LogKind.REPORT, ASSIGNED, *commands)
