from __future__ import annotations

import msgspec

from moothall.wire.trial import ModelTrial, TranslatorTrial, TrialOrder, TrialResult


def test_an_order_and_its_answer_go_through_a_pipe() -> None:
    order = TrialOrder(model="whisper-base", threads=2, translators=("bergamot",))
    assert msgspec.json.decode(msgspec.json.encode(order), type=TrialOrder) == order
    tried = TrialResult(
        model=ModelTrial(model="whisper-base", load_ms=1, sound_ms=10_000, pass_ms=2),
        translators=(TranslatorTrial(name="bergamot", directions=("en>pt",)),),
    )
    assert msgspec.json.decode(msgspec.json.encode(tried), type=TrialResult) == tried
