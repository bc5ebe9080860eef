from __future__ import annotations

from datetime import UTC, timedelta, timezone

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.sessions.state import Status
from moothall.testing.clock import LONG_AGO
from moothall.wire.hubs.messages import Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.pages import desk_view as view

UI = Catalogues(find_web_folder() / "locales", ("en",))["en"]
NAIROBI = Zone("Africa/Nairobi", timezone(timedelta(hours=3)))
HOUR = 3_600_000
NOON = LONG_AGO - LONG_AGO % (24 * HOUR) + 12 * HOUR


def offered(name: str, status: Status, begins: int | None = None) -> Offered:
    return Offered(session=SessionId(name), title=name, status=status, begins=begins)


def test_times_are_those_of_the_room_and_the_meetings_beside_them() -> None:
    clocks = view.Clocks(NAIROBI, UTC_ZONE, NOON)
    assert clocks.time(NOON) == "15:00"
    assert clocks.both(NOON, UI) == "15:00 here, 12:00 at the meeting"
    assert clocks.time(NOON + 24 * HOUR).endswith(" 15:00")
    assert clocks.both(NOON + 10 * HOUR, UI).startswith("2025-11-25 01:00 here, 2025-11-24 22:00")
    assert view.Clocks(UTC_ZONE, Zone("Z", UTC), NOON).both(NOON, UI) == "12:00"


def test_the_desk_is_about_what_is_on_else_what_comes_next_else_what_there_is() -> None:
    clocks = view.Clocks(UTC_ZONE, UTC_ZONE, NOON)
    over = offered("over", Status.CLOSED, NOON - HOUR)
    soon, later = offered("soon", Status.CREATED, NOON + HOUR), offered("later", Status.CREATED, NOON + 2 * HOUR)
    tomorrow = offered("tomorrow", Status.CREATED, NOON + 24 * HOUR)
    on = offered("on", Status.PAUSED)

    def chosen(*all_: Offered, asked: str = "") -> str | None:
        found = view.chosen_session(all_, asked, SessionChoice(), clocks)
        return None if found is None else found.session

    assert chosen() is None
    assert chosen(tomorrow) == "tomorrow"
    assert chosen(over, tomorrow) == "over"
    assert chosen(over, later, soon, tomorrow) == "soon"
    assert chosen(over, later, soon, on) == "on"
    assert chosen(over, on, asked="over") == "over"
    assert chosen(over, on, asked="none") == "on"
