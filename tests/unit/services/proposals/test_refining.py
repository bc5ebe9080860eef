from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.core.proposals.refining import Proposal
from moothall.services.log.act_queue import Receipt
from moothall.services.proposals.refining import Refined, RefineOrder, for_machine, refine
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from support.memory.hall import MemoryHall, memory_hall
from support.sessions.deciding import FLOOR, commit, end, line_of, word

PERSON = Actor(Role.SECRETARIAT, "operator")
ENGINE = Actor(Role.ENGINE, "scripted")


async def meeting(hall: MemoryHall) -> LiveSession:
    """A closed session of two lines, the second of which a person has mended."""
    live = await hall.session()
    acts: list[tuple[Actor, list[do.AnyCommand]]] = [
        (SYSTEM, [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="scripted")]),
        (ENGINE, [commit("a", 0, word("We", 0, 300), word(" hold", 300, 600), word(" trues.", 600, 900), start=0)]),
        (ENGINE, [end("a", 900), commit("b", 0, word("So", 1_000, 1_200), start=1_000), end("b", 1_200)]),
        (PERSON, [do.CorrectSegment(channel=FLOOR, segment=SegmentId("b"), base_revision=0, base_words=1, text="So.")]),
        (SYSTEM, [do.CloseSession()]),
    ]
    for number, (actor, commands) in enumerate(acts):
        answer = await live.writer.send(actor, CommandId(f"make-{number}"), commands)
        assert isinstance(answer, Receipt), answer
    return live


def proposal(name: str, revision: int, old: str, new: str, *, stays: float = 1.0, machine: bool = True) -> Proposal:
    return Proposal(
        segment=SegmentId(name),
        channel=FLOOR,
        base_revision=revision,
        t0=0,
        old=old,
        new=new,
        stays=stays,
        machine=machine,
    )


TRUTHS = proposal("a", 0, "We hold trues.", "We hold truths.", stays=0.67)
SEW = proposal("b", 1, "So.", "Sew.", stays=0.0, machine=False)


def order(*proposals: Proposal, by_machine: bool = False, session: str = "s") -> RefineOrder:
    return RefineOrder(session=SessionId(session), model="better", by_machine=by_machine, proposals=proposals)


def test_a_machine_corrects_only_what_no_person_has_touched_and_twice_changes_nothing() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await meeting(hall)
            wanted = order(TRUTHS, SEW, by_machine=True)
            assert await refine(hall.sessions, wanted, PERSON) == Refined(done=1, left=1)
            at = live.writer.offset
            assert await refine(hall.sessions, wanted, PERSON) == Refined(done=1, left=1)
            assert live.writer.offset == at
            line = line_of(live.state, "a")
            assert (line.whole, line.revision, line.mended) == ("We hold truths.", 1, False)
            said = await hall.events()
            (corrected,) = [each for each in said if isinstance(each, le.SegmentCorrected) and each.machine]
            assert (corrected.base_revision, corrected.text) == (0, "We hold truths.")
            assert [each.text for each in said if isinstance(each, ne.NoteLeft)] == [
                "Second pass with better: 1 lines corrected, by itself."
            ]

    loop.run(story())


def test_what_a_person_accepts_is_the_persons() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await meeting(hall)
            assert await refine(hall.sessions, order(TRUTHS, SEW), PERSON) == Refined(done=2)
            assert line_of(live.state, "a").mended
            assert line_of(live.state, "b").whole == "Sew."

    loop.run(story())


def test_a_line_that_reads_otherwise_by_now_stays() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await meeting(hall)
            older = msgspec.structs.replace(TRUTHS, old="We told trues.")
            stale = msgspec.structs.replace(SEW, base_revision=0)
            gone = proposal("x", 0, "a", "b")
            found = await refine(hall.sessions, order(older, stale, gone), PERSON)
            assert found == Refined(
                done=0,
                refused=(
                    "a: It was changed meanwhile.",
                    "b: The line was corrected in the meantime.",
                    "x: There is no such line any more.",
                ),
            )
            assert line_of(live.state, "a").revision == 0

    loop.run(story())


def test_an_unknown_session_is_said() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            found = await refine(hall.sessions, order(TRUTHS, session="nowhere"), PERSON)
            assert found.refused == ("There is no session 'nowhere'.",)

    loop.run(story())


def test_a_machine_leaves_a_line_of_which_little_stays() -> None:
    assert for_machine([TRUTHS, SEW, msgspec.structs.replace(TRUTHS, stays=0.4)]) == (TRUTHS,)
