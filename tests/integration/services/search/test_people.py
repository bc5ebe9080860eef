"""Who is who is kept in the book, and a page has the public meetings in which a programme lists the person."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.ids import ChannelId, Epoch, SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Speaker
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.lines import FoundBy, Shelf, Strand
from moothall.core.search.people import SpeakerOf
from moothall.services.search.people import KnownSpeakers
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness

ANA = SpeakerId("ana")


def plan(session: str) -> Planned:
    return Planned(session=SessionId(session), title=session, speakers=(Speaker(id=ANA, name="Ana"),))


def searched(
    session: str, shelf: Shelf = Shelf.PUBLIC, opened: int = 0, speaker: SpeakerId | None = ANA
) -> SearchedSession:
    strand = Strand(ChannelId("floor"), "en", FoundBy.MACHINE, speaker)
    return SearchedSession(
        session=SessionId(session),
        shelf=shelf,
        epoch=Epoch("e"),
        offset=1,
        title=session,
        opened=opened,
        sound=False,
        strands=(strand,),
    )


async def people(book: MemoryBook, plans: dict[SessionId, Planned]) -> KnownSpeakers:
    made = KnownSpeakers(
        book=book, randomness=SeededRandomness(), plans=lambda: tuple(plans.values()), plan_of=plans.get
    )
    await made.load()
    return made


async def test_a_person_is_made_changed_and_forgotten() -> None:
    book, plans = MemoryBook(), {SessionId(name): plan(name) for name in ("one", "two", "three")}
    made = await people(book, plans)
    one, two, three = (SpeakerOf(SessionId(name), ANA) for name in ("one", "two", "three"))
    joined = await made.join("Ana", [one, two])
    assert joined is not None
    person, secret = joined
    assert person.opened_by(secret)
    assert await made.join("Ana", [one]) is None
    assert await made.add(person, [three])
    assert not await made.add(person, [three])
    person = made.all[0]
    assert person.speakers == (one, two, three)
    assert made.unjoined == []
    await made.list(person, listed=True)
    other = await made.new_link(made.all[0])
    await made.show(made.all[0], shown=False)
    again = await people(book, plans)
    [kept] = again.all
    assert (kept.listed, kept.shown, kept.opened_by(secret), kept.opened_by(other)) == (True, False, False, True)
    assert [again.person_of(each) for each in (one, two, three)] == ["", "", ""]
    await again.show(kept, shown=True)
    assert [again.person_of(each) for each in (one, two, three)] == [kept.id] * 3
    assert again.person_of(SpeakerOf(SessionId("one"), SpeakerId("li"))) == ""
    del plans[SessionId("two")]
    assert [again.person_of(each) for each in (one, two, three)] == [kept.id, "", kept.id]
    await again.forget(kept)
    assert again.find(kept.id) is None
    assert again.person_of(one) == ""
    assert (await people(book, plans)).all == []


async def test_a_page_has_the_public_meetings_in_which_the_person_spoke() -> None:
    names = ("old", "new", "linked", "silent", "unplanned", "unknown")
    plans = {SessionId(name): plan(name) for name in names if name != "unplanned"}
    made = await people(MemoryBook(), plans)
    joined = await made.join("Ana", [SpeakerOf(session, ANA) for session in plans])
    assert joined is not None
    person = msgspec.structs.replace(joined[0], speakers=(*joined[0].speakers, SpeakerOf(SessionId("unplanned"), ANA)))
    known = {
        each.session: each
        for each in (
            searched("old", opened=1),
            searched("new", opened=2),
            searched("linked", Shelf.LINK),
            searched("silent", speaker=None),
            searched("unplanned"),
        )
    }
    assert [each.session for each in made.sessions_of(person, known)] == ["new", "old"]


async def test_nobody_has_a_page_for_what_they_said_among_young_people() -> None:
    plans = {SessionId(name): plan(name) for name in ("youth", "one")}
    youth, one = (SpeakerOf(SessionId(name), ANA) for name in ("youth", "one"))
    made = await people(MemoryBook(), plans)
    young = {SessionId("youth")}
    made.young = young.__contains__
    assert [each.speakers for each in made.unjoined] == [(one,)]
    assert await made.join("Ana", [youth]) is None
    joined = await made.join("Ana", [one])
    assert joined is not None
    assert not await made.add(joined[0], [youth])
    assert made.shown(joined[0].id) is not None
    known = {each.session: each for each in (searched("one"), searched("youth"))}
    young.add(SessionId("one"))  # It was planned before anybody said that young people take part.
    assert made.shown(joined[0].id) is None
    assert made.person_of(one) == ""
    assert made.sessions_of(joined[0], known) == []
