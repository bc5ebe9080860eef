"""The list of meetings on `/admin`: live meetings first, filtered by what is searched for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from moothall.adapters.admin.meeting_list import LONGEST_WORDS, MeetingList, Sought, sought
from moothall.adapters.admin.view import local_address
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId, in_order
from moothall.core.sessions.state import Status
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from support.memory.hall import memory_hall

UI = Catalogues(find_web_folder() / "locales")["en"]
DAY = 86_400_000
FIRST = 1_764_000_000_000  # 2025-11-24, 16:00 UTC
A, B = RoomId("a"), RoomId("b")
PLANNED = tuple(
    Planned(session=SessionId(name), title=title, room=room, starts=FIRST + day * DAY, languages=languages)
    for name, title, room, day, languages in (
        ("opening", "Opening", A, 0, ("en",)),
        ("water", "Water for ALL", B, 0, ("fr",)),
        ("data", "Whose data?", A, 1, ("en", "sw")),
    )
)
KNOWN: dict[SessionId, Entry] = {
    SessionId("opening"): Entry(session=SessionId("opening"), status=Status.CLOSED),
    SessionId("data"): Entry(session=SessionId("data"), status=Status.OPEN),
}


async def listed(
    more: Sequence[Planned] = (), known: Mapping[SessionId, Entry] = KNOWN, **query: str
) -> dict[str, Any]:
    async with memory_hall() as hall:
        programme = Programme(
            book=MemoryBook(),
            sessions=hall.sessions,
            closing=hall.closing,
            clock=hall.clock,
            randomness=SeededRandomness(),
        )
        await programme.keep(rooms=[Room(id=A, title="Main hall"), Room(id=B, title="Garden")])
        return MeetingList(in_order([*PLANNED, *more]), known, programme, UI).values(sought(query))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": " water  all "}, ["water"]),
        ({"q": "garden"}, ["water"]),
        ({"q": "SWAHILI"}, ["data"]),
        ({"q": "opening garden"}, []),
        ({"room": "a"}, ["data", "opening"]),
        ({"state": "closed"}, ["opening"]),
        ({"state": "created", "room": "b"}, ["water"]),
    ],
)
def test_those_are_listed_that_fit_and_what_is_on_comes_first(query: dict[str, str], names: list[str]) -> None:
    async def story() -> None:
        found = await listed((), KNOWN, **query)
        assert [row["id"] for row in found["meetings"]] == names
        assert found["all_meetings"] == 3

    run(story())


def test_a_day_is_a_table_of_rooms_and_times_and_what_is_on_stands_above() -> None:
    async def story() -> None:
        found = await listed(day="2025-11-24")
        assert [each["id"] for each in found["live"]] == ["data"]
        assert found["columns"] == ["Garden", "Main hall"]
        assert found["day"] == "Monday, November 24, 2025"
        ((time, cells),) = [(row["time"], row["cells"]) for row in found["day_rows"]]
        assert time == "16:00"
        assert [[row["id"] for row in cell["meetings"]] for cell in cells] == [["water"], ["opening"]]
        days = [(each["name"], each["number"], each["here"], each["address"]) for each in found["days"]]
        assert days == [
            ("Mon 24 Nov", 2, True, "/admin?day=2025-11-24"),
            ("Tue 25 Nov", 1, False, "/admin?day=2025-11-25"),
        ]
        sifted = await listed(day="2025-11-24", q="water & more")
        assert (sifted["day_rows"], sifted["days"], sifted["fitting"]) == ([], [], 0)
        one = await listed(day="2025-11-24", q="water")
        assert one["columns"] == ["Garden"]
        assert one["days"][0]["address"] == "/admin?day=2025-11-24&q=water"

    run(story())


def test_a_place_that_is_free_is_a_column_too_unless_something_is_looked_for() -> None:
    async def story() -> None:
        found = await listed(day="2025-11-25")
        assert (found["columns"], found["places_of_columns"]) == (["Garden", "Main hall"], [B, A])
        (row,) = found["day_rows"]
        assert [len(cell["meetings"]) for cell in row["cells"]] == [0, 1]
        assert row["field"] == row["cells"][1]["meetings"][0]["from"] == "2025-11-25T16:00"
        assert (await listed(day="2025-11-25", state="open"))["columns"] == ["Main hall"]

    run(story())


def test_without_a_day_it_is_the_nearest_and_what_has_no_time_or_place_stands_below() -> None:
    async def story() -> None:
        found = await listed()
        assert [each["here"] for each in found["days"]] == [True, False]
        more = (
            Planned(session=SessionId("garden"), title="Walk", starts=FIRST),
            Planned(session=SessionId("sometime"), title="Sometime", room=A),
            Planned(session=SessionId("held"), title="Held", room=A),
            Planned(session=SessionId("off"), title="Off", room=A, starts=FIRST, cancelled=True),
            Planned(session=SessionId("clash"), title="Clash", room=B, starts=FIRST),
        )
        held = Entry(session=SessionId("held"), status=Status.CLOSED, opened=FIRST + 1, closed=FIRST + 2)
        found = await listed(more, {**KNOWN, held.session: held}, day="2025-11-24")
        assert [row["id"] for row in found["elsewhere"]] == ["garden"]
        assert [row["id"] for row in found["sometime"]] == ["sometime"]
        first, second = found["day_rows"]
        assert [(len(cell["meetings"]), cell["clash"]) for cell in first["cells"]] == [(2, True), (2, False)]
        assert [row["id"] for row in second["cells"][1]["meetings"]] == ["held"]
        assert [[each["id"] for each in pair] for pair in found["clashes"]] == [["clash", "water"]]
        assert [row["kind"] for row in first["cells"][1]["meetings"]] == ["cancelled", "closed"]
        assert (await listed(more, state="cancelled"))["meetings"][0]["id"] == "off"

    run(story())


def test_days_places_and_states_that_there_are_can_be_chosen() -> None:
    async def story() -> None:
        choices = (await listed(q="nothing of that name"))["choices_of_list"]
        assert [each["value"] for each in choices["days"]] == ["2025-11-24", "2025-11-25"]
        assert [each["name"] for each in choices["days"]] == ["Mon 24 Nov", "Tue 25 Nov"]
        assert [each["name"] for each in choices["rooms"]] == ["Garden", "Main hall"]
        assert [each["name"] for each in choices["states"]] == ["Not begun", "Live", "Closed"]

    run(story())


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://hall.localhost:80", True),
        ("http://192.168.1.4:8080", False),
        ("https://hall.example.org", False),
    ],
)
def test_which_addresses_no_other_machine_opens(address: str, local: bool) -> None:
    assert local_address(address) == (address if local else "")


def test_a_search_that_is_too_long_is_cut() -> None:
    assert sought({"q": "a" * 1_000}).words == "a" * LONGEST_WORDS
    assert sought({"q": " "}).any
    assert not sought({"day": "2025-11-24"}).any
    assert Sought().any
    assert not sought({"day": "2025-11-24"}).sifts
    assert sought({"day": "2025-11-24", "q": "water"}).sifts
