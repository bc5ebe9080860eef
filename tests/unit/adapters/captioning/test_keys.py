from __future__ import annotations

from typing import cast

from moothall.adapters.captioning.keys import WRONG_KEYS, CaptionKeys
from moothall.adapters.http.limits import AddressGate
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.services.captioning.caption_streams import CaptionStreams
from moothall.services.sessions.role_links import RoleLinks
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness


async def test_who_guesses_keys_has_to_wait_and_keeps_nobody_else_out() -> None:
    clock, randomness = ManualClock(), SeededRandomness()
    keys = CaptionKeys(
        links=RoleLinks(book=MemoryBook(), clock=clock, randomness=randomness),
        streams=cast("CaptionStreams", None),  # No key comes so far.
        may_act=lambda *_: True,
        gate=AddressGate(clock, randomness, WRONG_KEYS),
    )

    async def tried(address: str) -> RefusalCode:
        answer = await keys.open(address, "guess", "s", "")
        assert isinstance(answer, Refusal)
        return answer.code

    assert [await tried("192.0.2.1") for _ in range(61)] == [RefusalCode.FORBIDDEN] * 60 + [RefusalCode.BUSY]
    assert await tried("192.0.2.2") is RefusalCode.FORBIDDEN
