from __future__ import annotations

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.control.openers import Openers
from moothall.services.log.act_queue import Receipt
from moothall.testing.loop import run
from support.memory.hall import memory_hall

A, B = SessionId("a"), SessionId("b")


def test_whoever_opened_a_meeting_is_known_by_their_name_or_their_links_label() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            openers = Openers(hall.sessions, label=lambda link: {"l1": "Desk 1"}.get(link, ""))

            async def send(session: SessionId, act: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
                live = await hall.sessions.open(session)
                assert isinstance(await live.writer.send(by, CommandId(act), commands), Receipt)

            for name in (A, B):
                await hall.session(name)
            assert (openers.of(A), openers.opened_later(A, B), openers.opened_later(B, A)) == ("", "", "")
            await send(A, "o", do.OpenSession(), by=Actor(Role.CHAIR, "l1"))
            assert (openers.of(A), openers.opened_later(B, A)) == ("Desk 1", "Desk 1")
            with openers.named(CommandId("p"), "Amina"):
                await send(B, "p", do.OpenSession(), by=Actor(Role.CHAIR, "l1"))
            assert (openers.of(B), openers.opened_later(A, B), openers.opened_later(B, A)) == ("Amina", "Amina", "")
            await send(A, "c", do.CloseSession())
            await send(A, "r", do.ReopenSession())
            assert (openers.of(A), openers.opened_later(A, B)) == ("", "")
            with openers.named(CommandId("d"), "Ben"):
                await send(A, "d", do.CloseSession())
                await send(A, "e", do.ReopenSession(), by=Actor(Role.CHAIR, "l1"))
            assert openers.opened_later(B, A) == "Desk 1"

    run(story())


def test_after_a_restart_the_label_of_the_link_is_known() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            for name, act, link in ((B, "b", "l2"), (A, "a", "l1")):
                await hall.session(name)
                live = await hall.sessions.open(name)
                assert isinstance(
                    await live.writer.send(Actor(Role.CHAIR, link), CommandId(act), [do.OpenSession()]), Receipt
                )
                await hall.clock.sleep(1_000)
            await hall.session(SessionId("not-begun"))
            openers = Openers(hall.sessions, label=lambda link: {"l1": "Desk 1", "l2": "Desk 2"}[link])
            assert (openers.of(A), openers.opened_later(B, A)) == ("", "")
            await openers.load(hall.log)
            assert (openers.of(A), openers.of(B)) == ("Desk 1", "Desk 2")
            assert (openers.opened_later(B, A), openers.opened_later(A, B)) == ("Desk 1", "")

    run(story())
