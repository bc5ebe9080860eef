from __future__ import annotations

import msgspec
import pytest

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.programme.plan import Planned
from moothall.core.sessions.state import Status
from moothall.testing.book import MemoryBook
from moothall.wire.hubs.messages import HubProgramme, Offered, OfferedText, Welcome
from moothall_hub.mirror.offers import CentreInfo, Offers, SessionChoice

TEXT = OfferedText(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en", "fr"))
ONE = Offered(
    session=SessionId("one"), title="One", place="Hall A", begins=1, ends=2, status=Status.OPEN, texts=(TEXT,)
)
TWO = Offered(session=SessionId("two"), title="Two", begins=3, status=Status.CREATED)
WELCOME = Welcome(
    protocol=1,
    hub="kisumu",
    title="Kisumu",
    above=("c",),
    wall=0,
    keys=b"{}",
    zone="Africa/Nairobi",
    address="https://a.example",
)


async def test_what_is_offered_and_chosen_outlives_a_restart() -> None:
    book, told = MemoryBook(), 0

    def count() -> None:
        nonlocal told
        told += 1

    offers = await Offers.load(book)
    assert (offers.sessions, offers.get(), offers.about, offers.zone) == ((), SessionChoice(), CentreInfo(), UTC_ZONE)
    offers.when_changed(count)
    await offers.welcomed(WELCOME)
    await offers.welcomed(WELCOME)
    await offers.take(HubProgramme(sessions=(ONE, TWO)))
    await offers.take(HubProgramme(sessions=(ONE, TWO)))
    chosen = SessionChoice(sessions=(SessionId("two"),), languages=("fr",), words=True)
    await offers.set(chosen)
    assert told == 3
    again = await Offers.load(book)
    assert (again.sessions, again.get()) == ((ONE, TWO), chosen)
    assert again.about == CentreInfo(hub="kisumu", title="Kisumu", zone="Africa/Nairobi", address="https://a.example")
    assert (offers.zone.name, again.zone.name) == ("Africa/Nairobi", "Africa/Nairobi"), "also before it has a line"
    assert again.of(SessionId("two")) == TWO
    assert again.of(SessionId("three")) is None


@pytest.mark.parametrize("address", ["javascript:alert(1)//", "data:text/html,x", "//a.example", ""])
async def test_no_page_leads_where_is_no_web(address: str) -> None:
    offers = await Offers.load(MemoryBook())
    await offers.welcomed(msgspec.structs.replace(WELCOME, address=address))
    assert (offers.about.hub, offers.about.address) == ("kisumu", "")


async def test_what_has_changed_is_laid_over_what_was_told() -> None:
    offers = await Offers.load(MemoryBook())
    await offers.take(HubProgramme(sessions=(ONE, TWO)))
    later = msgspec.structs.replace(TWO, title="Two, later")
    await offers.take(HubProgramme(sessions=(later,), changes=True, gone=(ONE.session,)))
    assert offers.sessions == (later,)


async def test_the_front_page_has_it_as_a_programme() -> None:
    offers = await Offers.load(MemoryBook())
    await offers.take(HubProgramme(sessions=(ONE, TWO)))
    assert [(each.session, each.room, each.starts, each.languages) for each in offers.planned()] == [
        (ONE.session, "Hall A", 1, ("en", "fr")),
        (TWO.session, None, 3, ()),
    ]
    assert isinstance(offers.planned()[0], Planned)


async def test_another_pairing_begins_anew_and_keeps_the_choice() -> None:
    book = MemoryBook()
    offers = await Offers.load(book)
    await offers.welcomed(WELCOME)
    await offers.take(HubProgramme(sessions=(ONE,)))
    await offers.set(SessionChoice(languages=("fr",)))
    await offers.forget()
    again = await Offers.load(book)
    assert (again.sessions, again.about, again.get().languages) == ((), CentreInfo(), ("fr",))


async def test_what_could_not_be_written_holds_and_is_written_later() -> None:
    book = MemoryBook()
    offers = await Offers.load(book)
    book.full = True
    for told in (offers.welcomed(WELCOME), offers.take(HubProgramme(sessions=(ONE,))), offers.keep()):
        with pytest.raises(StorageUnavailable):
            await told
    assert (offers.about.hub, offers.sessions) == ("kisumu", (ONE,))
    book.full = False
    await offers.keep()
    again = await Offers.load(book)
    assert (again.about.hub, again.sessions) == ("kisumu", (ONE,))
