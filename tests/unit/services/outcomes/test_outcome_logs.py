from __future__ import annotations

from moothall.core.commands import CreateSession
from moothall.core.events.types import Access, LogKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.outcomes.outcome_logs import REGISTER, OutcomeLogs, report_of
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from support.memory.hall import SESSION, MemoryHall, memory_hall


def logs(hall: MemoryHall) -> OutcomeLogs:
    catalogue = SessionCatalogue(hall.log)
    hall.sessions.observe(lambda _, publication: catalogue.take(publication))
    return OutcomeLogs(hall.sessions, entries=catalogue.all, language="fr")


def test_a_log_is_made_once_and_is_in_no_list_of_sessions() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            await hall.session()
            known = logs(hall)
            first, second = await known.register(), await known.register()
            assert isinstance(first, LiveSession)
            assert first is second
            assert (first.state.kind, first.state.languages, first.writer.offset) == (LogKind.REGISTER, ("fr",), 1)
            report = await known.report(SESSION, "Open hall", Access.PUBLIC)
            assert isinstance(report, LiveSession)
            assert report.id == report_of(SESSION) == f"report.{SESSION}"
            assert [entry.session for entry in await known.of_kind(LogKind.REPORT)] == [report.id]
            assert [entry.session for entry in await known.of_kind(LogKind.CALL)] == []
            catalogue = SessionCatalogue(hall.log)
            assert [entry.session for entry in await catalogue.listed()] == [SESSION]
            assert [entry.session for entry in await catalogue.meetings()] == [SESSION]
            assert len(await catalogue.all()) == 3

    loop.run(story())


def test_a_log_of_another_kind_is_never_taken_for_it() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.sessions.open(REGISTER)
            await live.writer.send(SYSTEM, CommandId("c"), CreateSession(title="A meeting", languages=("en",)))
            known = logs(hall)
            answer = await known.register()
            assert isinstance(answer, Refusal)
            assert answer.message == "The name 'policy-questions' belongs to a session. Choose another."
            assert await known.find(REGISTER, LogKind.REGISTER) is None
            assert await known.find(REGISTER, LogKind.SESSION) is live
            assert await known.find(SessionId("nowhere"), LogKind.CALL) is None

    loop.run(story())


def test_what_the_writer_refuses_is_said() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            answer = await logs(hall).make(SessionId("call"), LogKind.CALL, "", access=Access.PUBLIC)
            assert isinstance(answer, Refusal)
            assert answer.message == "A session needs a title and at least one language."

    loop.run(story())


def test_long_names_of_sessions_have_reports_of_their_own() -> None:
    one, other = SessionId("a" * 60 + "-one"), SessionId("a" * 60 + "-two")
    assert len({report_of(one), report_of(other)}) == 2
    assert {len(report_of(one)), len(report_of(SessionId("a" * 57)))} == {64}
    assert report_of(one).startswith("report.aaaa")
