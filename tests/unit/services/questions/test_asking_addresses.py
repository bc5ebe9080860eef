"""The number of open questions from one address, and which arrived together."""

from __future__ import annotations

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.state import State
from moothall.services.questions import asking_addresses
from moothall.services.questions.asking_addresses import CROWD, MOST_SESSIONS, ROUNDS, AskingAddresses, Crowd
from moothall.testing.clock import SeededRandomness
from support.sessions.deciding import carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name, stand

S = SessionId("s")
HALL, HOME = "198.51.100.7", "2001:db8:1:2::/64"


def addresses(share: int = 2) -> AskingAddresses:
    return AskingAddresses(SeededRandomness(1), share)


def taken(made: AskingAddresses, many: int, address: str = HALL, state: State | None = None) -> State:
    state = speaking() if state is None else state
    for _ in range(many):
        number = state.questions.last + 1
        state = carry_out(state, ask(f"q{number}", asker=f"by{number}"), actor=SOMEBODY)
        made.note(S, name(f"q{number}"), address)
    return state


def test_an_address_has_its_share_of_what_is_open() -> None:
    made = addresses()
    state = taken(made, 2)
    assert made.full(S, state.questions, HALL)
    assert not made.full(S, state.questions, "203.0.113.1")
    assert not made.full(S, state.questions, ""), "nobody knows where that comes from"
    assert not made.full(SessionId("other"), state.questions, HALL)
    state = carry_out(state, stand(InterventionStatus.DECLINED, "q1", reason="No."), actor=MODERATOR)
    assert not made.full(S, state.questions, HALL)


def test_the_networks_of_one_ipv6_customer_share() -> None:
    made = addresses()
    state = taken(made, 1, HOME)
    state = taken(made, 1, "2001:db8:1:3::/64", state)
    assert made.full(S, state.questions, "2001:db8:1:4::/64")
    assert not made.full(S, state.questions, "2001:db8:2:4::/64")


def test_an_address_that_takes_back_what_it_asks_does_not_use_up_what_a_session_takes() -> None:
    made = addresses()
    state = taken(made, 0)
    for _ in range(ROUNDS):
        assert not made.spent(S, HOME)
        state = taken(made, 2, HOME, state)
        last = state.questions.last
        state = carry_out(state, stand(InterventionStatus.WITHDRAWN, f"q{last - 1}", f"q{last}"), actor=SOMEBODY)
        assert not made.full(S, state.questions, HOME)
    assert made.spent(S, HOME)
    assert made.spent(S, "2001:db8:1:7::/64")
    assert not made.spent(S, HALL)
    assert not made.spent(S, "")
    assert not made.spent(SessionId("other"), HOME)


def test_whoever_leads_is_told_of_many_that_are_being_checked_and_finds_them_together() -> None:
    made = addresses(1_000)
    state = taken(made, CROWD)
    state = taken(made, CROWD + 1, HOME, state)
    state = taken(made, CROWD - 1, "203.0.113.1", state)
    state = taken(made, 3, "", state)
    home, hall = made.crowds(S, state.questions)
    last = 2 * CROWD + 1
    assert (home.count, home.numbers, hall.count, hall.numbers) == (CROWD + 1, (CROWD + 1, last), CROWD, (1, CROWD))
    assert "198" not in hall.place
    assert "2001" not in home.place
    assert made.of(S, state.questions, hall.place) == tuple(name(f"q{number}") for number in range(1, CROWD + 1))
    assert made.of(S, state.questions, "another") == ()
    state = carry_out(state, stand(InterventionStatus.QUEUED, "q1"), actor=MODERATOR)
    assert made.crowds(S, state.questions) == (home,)
    assert isinstance(home, Crowd)


def test_of_many_sessions_the_one_in_which_nobody_asked_for_longest_is_forgotten() -> None:
    made = addresses(1)
    state = taken(made, 1)
    for number in range(MOST_SESSIONS - 1):
        made.note(SessionId(f"s{number}"), name("q1"), HALL)
    assert made.full(S, state.questions, HALL)
    made.note(SessionId("one-more"), name("q1"), HALL)
    assert not made.full(S, state.questions, HALL)
    assert asking_addresses.SHARE == 500
