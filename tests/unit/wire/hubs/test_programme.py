from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.state import Status
from moothall.wire.hubs.messages import HubProgramme, Offered, decode_to_hub, encode
from moothall.wire.hubs.programme import changed, changes, portion


def offered(session: str, begins: int | None = None, status: Status = Status.CREATED) -> Offered:
    return Offered(session=SessionId(session), title=session.upper(), begins=begins, status=status)


PROGRAMMES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.sampled_from(list(Status))),
).map(
    lambda all_: changed(
        None, HubProgramme(sessions=tuple(offered(name, at, status) for name, (at, status) in all_.items()))
    )
)


def test_only_what_has_changed_is_told() -> None:
    before = HubProgramme(sessions=(offered("a", 1), offered("b", 2), offered("c")))
    after = HubProgramme(sessions=(offered("a", 1), offered("d", 1), offered("b", 2, Status.OPEN)))
    told = changes(before, after)
    assert told == HubProgramme(
        sessions=(offered("d", 1), offered("b", 2, Status.OPEN)), changes=True, gone=(SessionId("c"),)
    )
    assert changed(before, told) == after
    assert changed(before, after) == after
    assert changed(None, told).sessions == told.sessions  # Who has nothing has what it is told.


@given(PROGRAMMES, PROGRAMMES)
def test_who_is_told_of_changes_has_the_whole_of_it(before: HubProgramme, after: HubProgramme) -> None:
    told = decode_to_hub(encode(changes(before, after)))
    assert isinstance(told, HubProgramme)
    assert changed(before, told) == after
    assert changed(None, after) == after


def test_a_programme_without_changes_is_as_short_as_it_was() -> None:
    assert b"gone" not in encode(HubProgramme(sessions=()))


@given(PROGRAMMES, PROGRAMMES, st.integers(0, 100))
def test_parts_of_a_programme_are_the_whole_of_it(before: HubProgramme, after: HubProgramme, most: int) -> None:
    part = portion(changes(before, after), most)
    while part.more:
        assert part.sessions
        before = changed(before, part)
        part = portion(changes(before, after), most)
    assert changed(before, part) == after
