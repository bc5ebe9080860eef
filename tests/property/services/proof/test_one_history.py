"""Law: whatever is said, removed or set back, and whenever the book or the process dies, all that was ever signed is of
one history, and every public event that a log has is provable in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.proof.hashes import is_consistent
from moothall.core.proof.notes import TreeHead, read_head
from moothall.services.proof.tree import DELAY_MS
from moothall.testing.log_memory import MemoryLog
from support.proof.grown import Grown

SESSIONS = (SessionId("plenary"), SessionId("workshop"))
STEPS = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 1), st.integers(1, 300)),
    st.tuples(st.just("grow"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("restart"), st.none(), st.none()),
    st.tuples(st.just("remove"), st.integers(0, 1), st.integers(1, 50)),
    st.tuples(st.just("set back"), st.integers(0, 1), st.integers(1, 40)),
)


async def told(steps: Sequence[tuple[str, int, int]]) -> None:
    made = Grown()
    await made.restart()
    signed: list[TreeHead] = []
    said = 0

    def note() -> None:
        signed.extend(read_head(text.decode()) for text in made.signer.signed)
        made.signer.signed.clear()

    for kind, what, much in steps:
        session = SESSIONS[(what or 0) % 2]
        if kind == "say":
            said += 1
            await made.say(*(f"{said}, {n}." for n in range(much)), session=session, staff=said % 2 == 0)
        elif kind == "grow":
            # The next write but `what` dies, before it has stored anything or after it.
            made.book.dies_at, made.book.stores = (made.book.writes + what if what else 0), bool(much)
            with contextlib.suppress(StorageUnavailable):
                await made.later(100 * DELAY_MS)
            made.book.dies_at = 0
        elif kind == "restart":
            note()
            await made.restart()
        elif kind == "remove" and session in made.recorders:
            last = made.recorders[session].offset
            await made.log.remove(session, made.terms[session], last, [min(much, last)], [])
        elif kind == "set back" and session in made.recorders:
            note()
            await set_back(made, session, much)
    note()
    await made.later(1_000 * DELAY_MS)
    note()
    tree = made.tree
    for head in signed:
        assert await tree.root_at(head.size) == head.root
    if tree.shown is not None:
        for head in signed:
            request = await tree.request_for(head.size)
            assert request is not None
            assert is_consistent(head.size, tree.shown.head.size, head.root, tree.shown.head.root, request.path)
    for session in made.recorders:
        records = list(await made.log.read(session, 0, 100_000))
        for record in (*records[:40:7], *records[40::53], *records[-3:]):
            assert await made.is_in(record) == (record.header.lane != "staff")


async def set_back(made: Grown, session: SessionId, much: int) -> None:
    """The log loses its end, as a copy does that a node takes over, and goes on in another way."""
    kept = {each: list(await made.log.read(each, 0, 100_000)) for each in made.recorders}
    kept[session] = kept[session][: max(1, len(kept[session]) - much)]
    log = MemoryLog()
    for each, records in kept.items():
        made.terms[each] = (await log.acquire(each, records[0].header.epoch)).term
        await log.append(each, made.terms[each], 0, records)
    made.log = log
    head = await log.head(session)
    assert head is not None
    made.recorders[session].go_on(head)
    await made.restart()


@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_all_that_was_signed_is_one_history(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(told(steps))
