from __future__ import annotations

import msgspec
import pytest

from moothall.adapters.proof.texts import ProofText, source_text
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId

ENDED = ev.SegmentEnded(channel=ChannelId("f"), segment=SegmentId("a"), t1=9, reason=ev.EndReason.SENTENCE, text="Yes.")


def corrected(*, machine: bool, made_from: ev.MadeFrom | msgspec.UnsetType = msgspec.UNSET) -> ev.SegmentCorrected:
    return ev.SegmentCorrected(
        channel=ChannelId("f"),
        segment=SegmentId("a"),
        base_revision=0,
        base_words=1,
        text="No.",
        tail="",
        machine=machine,
        made_from=made_from,
    )


MADE_FROM = ev.MadeFrom(sources=(), route="")


@pytest.mark.parametrize(
    ("event", "origin", "key"),
    [
        (ENDED, ev.Origin.MACHINE, ProofText.HEARD),
        (ENDED, ev.Origin.PERSON, ProofText.WRITTEN),
        (ENDED, ev.Origin.INTERPRETER, ProofText.WRITTEN),
        (ENDED, ev.Origin.SPEAKER, ProofText.WRITTEN),
        (ENDED, ev.Origin.TRANSLATED, ProofText.TRANSLATED),
        (ENDED, "", ""),
        (ENDED, "of a later release", ""),
        (corrected(machine=True), ev.Origin.MACHINE, ProofText.BETTERED),
        (corrected(machine=True), ev.Origin.PERSON, ProofText.WRITTEN),
        (corrected(machine=True, made_from=MADE_FROM), ev.Origin.TRANSLATED, ProofText.TRANSLATED),
        (corrected(machine=True, made_from=MADE_FROM), ev.Origin.MACHINE, ProofText.HEARD),
        (corrected(machine=False), "", ProofText.MENDED),
        (corrected(machine=False), ev.Origin.MACHINE, ProofText.MENDED),
        (ev.SessionPaused(t=5), ev.Origin.MACHINE, ""),
    ],
)
def test_a_line_says_how_it_came_about(event: ev.AnyEvent, origin: str, key: str) -> None:
    assert source_text(event, origin) == key
