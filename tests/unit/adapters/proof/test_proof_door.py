"""How many files strangers have logged."""

from __future__ import annotations

from aiohttp.test_utils import make_mocked_request

from moothall.adapters.proof.proof_door import ALL, ALL_S, EACH, EACH_S, StrangersFiles
from moothall.core.kernel.actors import Role
from moothall.services.sessions.reader_access import ASKER
from moothall.services.sessions.staff import Staff
from moothall.testing.clock import ManualClock, SeededRandomness

MOST = 10_000


class Door:
    """The bound, and a clock of its own."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.files = StrangersFiles(self.clock, SeededRandomness(), lambda request: request.headers["From"])

    def logged(self, address: str, times: int = MOST) -> int:
        """How many files an address has logged that asks so often."""
        request = make_mocked_request("GET", "/", {"From": address})
        return sum(self.files.may_log(request) for _ in range(times))


async def test_one_address_has_so_many_files_logged_and_then_one_in_four_minutes() -> None:
    door = Door()
    assert door.logged("192.0.2.1") == EACH.burst
    await door.clock.advance(EACH_S * 1_000)
    assert door.logged("192.0.2.1") == EACH.per_second


async def test_all_strangers_together_have_so_many_and_then_some_a_minute() -> None:
    door = Door()
    assert sum(door.logged(f"192.0.2.{n}", 9) for n in range(200)) == ALL.burst
    await door.clock.advance(ALL_S * 1_000)
    assert sum(door.logged(f"198.51.100.{n}", 9) for n in range(200)) == ALL.per_second


def test_whoever_has_a_desk_is_no_stranger() -> None:
    door = Door()
    reset = ASKER.set((Staff(link="x", role=Role.SECRETARIAT, scope="hall", label=""),))
    assert door.logged("192.0.2.1", 500) == 500
    ASKER.reset(reset)
    reset = ASKER.set((Staff(link="x", role=Role.READER, scope="hall", label=""),))
    assert door.logged("192.0.2.1", 500) == EACH.burst
    ASKER.reset(reset)
