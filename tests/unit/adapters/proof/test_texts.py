from __future__ import annotations

import pytest

from moothall.adapters.proof.texts import ProofText, source_text
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.recorder import Recorder

ENDED = ev.SegmentEnded(channel=ChannelId("f"), segment=SegmentId("a"), t1=9, reason=ev.EndReason.SENTENCE, text="Yes.")


def corrected(*, machine: bool) -> ev.SegmentCorrected:
    return ev.SegmentCorrected(
        channel=ChannelId("f"),
        segment=SegmentId("a"),
        base_revision=0,
        base_words=1,
        text="No.",
        tail="",
        machine=machine,
    )


@pytest.mark.parametrize(
    ("event", "by", "key"),
    [
        (ENDED, Actor(Role.ENGINE, "e"), ProofText.HEARD),
        (ENDED, Actor(Role.CAPTIONER, "c"), ProofText.WRITTEN),
        (ENDED, SYSTEM, ProofText.WRITTEN),
        (ENDED, Actor(Role.TRANSLATOR, "t"), ProofText.TRANSLATED),
        (corrected(machine=True), Actor(Role.ENGINE, "e"), ProofText.BETTERED),
        (corrected(machine=False), Actor(Role.CAPTIONER, "c"), ProofText.MENDED),
    ],
)
def test_a_line_says_how_it_came_about(event: ev.AnyEvent, by: Actor, key: str) -> None:
    record = Recorder().record(event, by)
    assert record.body is not None
    assert source_text(record.header, record.body) == key
