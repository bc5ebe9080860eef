"""Acts of the room, until the server above has them. `integration/hubs/test_hub_disk.py` tests
what kills leave of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.errors import ConfigurationError, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.wire.hubs.acts import AnyAct, AskAct, HeadCountAct, OpinionsAct, SupportAct
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone
from moothall_hub.outbox.outbox import ActState, ActStatus, HubOutbox, WaitingAct
from moothall_hub.outbox.store import FILE_NAME

SESSION, OTHER = SessionId("plenary"), SessionId("other")
ONE, TWO, THREE = (CommandId(name) for name in ("ask:1", "ask:2", "ask:3"))
DONE, WAITING, SENT = (ActStatus(state=state) for state in (ActState.DONE, ActState.WAITING, ActState.SENT))


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[HubOutbox]:
    opened = await HubOutbox.open(tmp_path / FILE_NAME)
    yield opened
    await opened.close()


def ask(name: str, text: str = "Who pays?") -> AskAct:
    return AskAct(intervention=InterventionId(name), kind=InterventionKind.QUESTION, text=text, language="en")


def support(count: int, name: str = "1") -> SupportAct:
    return SupportAct(intervention=InterventionId(name), count=count)


async def put(outbox: HubOutbox, *ids: CommandId) -> None:
    for each in ids:
        await outbox.put(SESSION, each, "", ask(each), 5)


def refused(act: CommandId, code: RefusalCode) -> ActNotDone:
    return ActNotDone(id=act, code=code, message="The session is closed.")


async def test_acts_go_in_their_order_and_are_answered(outbox: HubOutbox) -> None:
    await put(outbox, ONE, TWO, THREE)
    unsent = await outbox.unsent(2)
    assert [act.id for act in unsent] == [ONE, TWO]
    assert unsent[0] == Act(id=ONE, session=SESSION, at=5, act=ask(ONE))
    outbox.sent(ONE)
    assert [act.id for act in await outbox.unsent(16)] == [TWO, THREE]
    assert (await outbox.state(ONE), await outbox.state(TWO)) == (SENT, WAITING)
    await outbox.answered(ONE, ActDone(id=ONE))
    await outbox.answered(TWO, refused(TWO, RefusalCode.CONFLICT))
    assert (await outbox.state(ONE), await outbox.count()) == (DONE, 1)
    late = await outbox.state(TWO)
    assert late == ActStatus(state=ActState.REFUSED, code=RefusalCode.CONFLICT, message="The session is closed.")
    await outbox.answered(TWO, ActDone(id=TWO))
    assert await outbox.state(TWO) == late, "the first answer counts"
    assert await outbox.state(CommandId("ask:4")) is None
    assert await outbox.states((TWO, CommandId("ask:4"), ONE)) == {ONE: DONE, TWO: late}
    assert await outbox.states(()) == {}


async def test_on_a_new_link_all_that_was_not_answered_is_sent_again(outbox: HubOutbox) -> None:
    await put(outbox, ONE, TWO)
    outbox.sent(ONE)
    outbox.sent(TWO)
    assert list(await outbox.unsent(16)) == []
    outbox.link_ended()
    assert [act.id for act in await outbox.unsent(16)] == [ONE, TWO]


@pytest.mark.parametrize("code", [RefusalCode.BUSY, RefusalCode.UNAVAILABLE])
async def test_what_is_not_refused_for_good_waits_again_in_its_place(outbox: HubOutbox, code: RefusalCode) -> None:
    await put(outbox, ONE, TWO)
    outbox.sent(ONE)
    outbox.sent(TWO)
    await outbox.answered(ONE, refused(ONE, code))
    assert [act.id for act in await outbox.unsent(16)] == [ONE, TWO]
    await outbox.answered(TWO, ActDone(id=TWO))
    assert [act.id for act in await outbox.unsent(16)] == [ONE]


async def test_the_same_id_is_the_same_act(outbox: HubOutbox) -> None:
    told: list[int] = []
    outbox.observe(lambda: told.append(1))
    await put(outbox, ONE)
    await outbox.put(OTHER, ONE, "north", ask("other", "Something else?"), 9)
    (only,) = await outbox.waiting()
    assert (only.act.act, only.act.session, told) == (ask(ONE), SESSION, [1, 1])
    await outbox.answered(ONE, ActDone(id=ONE))
    await put(outbox, ONE)
    assert (await outbox.state(ONE), await outbox.count()) == (DONE, 0)


async def test_a_newer_count_of_supports_takes_the_place_of_an_older_one(outbox: HubOutbox) -> None:
    heads = [HeadCountAct(people=20), HeadCountAct(people=21)]
    votes = [OpinionsAct(people=people, sums={}) for people in (1, 2)]
    acts: list[AnyAct] = [support(3), support(1, "2"), support(4), *heads, *votes]
    for n, act in enumerate(acts):
        await outbox.put(SESSION, CommandId(f"c{n}"), "", act, n)
    await outbox.put(SESSION, CommandId("below"), "north", support(9), 9)
    assert [each.act.id for each in await outbox.waiting()] == ["c1", "c2", "c3", "c4", "c6", "below"]
    assert await outbox.state(CommandId("c0")) == DONE


async def test_acts_of_hubs_below_are_passed_on_as_they_are(outbox: HubOutbox) -> None:
    act = Act(id=ONE, session=OTHER, at=7, hub="kisumu", act=HeadCountAct(people=3))
    await outbox.pass_on(act)
    assert list(await outbox.waiting(OTHER)) == [WaitingAct(number=1, act=act)]
    assert list(await outbox.waiting(SESSION)) == []


async def test_it_is_there_when_opened_again_and_numbers_go_on(tmp_path: Path) -> None:
    outbox = await HubOutbox.open(tmp_path / FILE_NAME)
    await put(outbox, ONE, TWO)
    outbox.sent(ONE)
    await outbox.answered(TWO, ActDone(id=TWO))
    await outbox.close()
    await outbox.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await outbox.state(ONE)
    again = await HubOutbox.open(tmp_path / FILE_NAME)
    assert (await again.state(ONE), await again.state(TWO)) == (WAITING, DONE)
    await put(again, THREE)
    assert [each.number for each in await again.waiting()] == [1, 3]
    await again.close()


async def test_what_was_answered_is_in_no_file_any_more(outbox: HubOutbox, tmp_path: Path) -> None:
    await outbox.put(SESSION, ONE, "", ask("1", "Who was it?"), 5)
    assert there(tmp_path, b"Who was it?")
    await outbox.answered(ONE, refused(ONE, RefusalCode.CONFLICT))
    assert not there(tmp_path, b"Who was it?")
    await outbox.put(SESSION, TWO, "", support(3), 5)
    await outbox.put(SESSION, THREE, "", support(4), 5)
    assert await outbox.state(TWO) == DONE


def there(folder: Path, text: bytes) -> bool:
    return any(text in each.read_bytes() for each in folder.iterdir())


async def test_a_full_outbox_refuses(tmp_path: Path) -> None:
    outbox = await HubOutbox.open(tmp_path / FILE_NAME, most=2)
    await put(outbox, ONE, TWO)
    with pytest.raises(StorageUnavailable, match="2 acts wait for the connection"):
        await put(outbox, THREE)
    await put(outbox, ONE)
    await outbox.answered(ONE, ActDone(id=ONE))
    await put(outbox, THREE)
    await outbox.close()


async def test_a_file_that_is_no_outbox_is_refused(tmp_path: Path) -> None:
    await (await HubOutbox.open(tmp_path / FILE_NAME)).close()
    (tmp_path / "other").write_bytes(b"no database, whatever its name may be" * 99)
    with pytest.raises(ConfigurationError, match="is not a Moothall outbox"):
        await HubOutbox.open(tmp_path / "other")
