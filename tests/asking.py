"""Sessions in which somebody asks: what tests of interventions share."""

from __future__ import annotations

import msgspec

from deciding import carry_out, speaking
from moothall.core import commands as do
from moothall.core.actors import Actor, Role
from moothall.core.floor.interventions import Intervention
from moothall.core.floor.parts import Kind, Standing
from moothall.core.ids import InterventionId
from moothall.core.session import State

MODERATOR = Actor(Role.MODERATOR, "m1")
SOMEBODY = Actor(Role.PARTICIPANT, "p1")


def name(text: str) -> InterventionId:
    return InterventionId(text)


def ask(what: str, text: str = "Why?", *, kind: Kind = Kind.QUESTION, asker: str = "", **more: object) -> do.Ask:
    given = do.Ask(intervention=name(what), kind=kind, text=text, language="en", asker=asker or f"by-{what}")
    return msgspec.structs.replace(given, **more)


def stand(standing: Standing, *what: str, **more: object) -> do.Stand:
    return msgspec.structs.replace(do.Stand(interventions=tuple(map(name, what)), standing=standing), **more)


def of(state: State, what: str) -> Intervention:
    found = state.floor.get(name(what))
    assert found is not None
    return found


def asked() -> State:
    """Three questions that are being checked, the second from a hub."""
    return carry_out(
        speaking(),
        ask("a", "Why?"),
        ask("b", "When?", origin="hub:nairobi"),
        ask("c", "Who?", name="Ana"),
        actor=SOMEBODY,
    )
