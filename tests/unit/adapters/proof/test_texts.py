from __future__ import annotations

import msgspec
import pytest

from moothall.adapters.proof.texts import ProofText, source_text
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.splitting import split, timed

ENDED = le.SegmentEnded(channel=ChannelId("f"), segment=SegmentId("a"), t1=9, reason=le.EndReason.SENTENCE, text="Yes.")


def corrected(*, machine: bool, made_from: le.MadeFrom | msgspec.UnsetType = msgspec.UNSET) -> le.SegmentCorrected:
    return le.SegmentCorrected(
        channel=ChannelId("f"),
        segment=SegmentId("a"),
        base_revision=0,
        base_words=1,
        text="No.",
        tail="",
        machine=machine,
        made_from=made_from,
    )


MADE_FROM = le.MadeFrom(sources=(), route="")


@pytest.mark.parametrize(
    ("event", "origin", "key"),
    [
        (ENDED, le.Origin.MACHINE, ProofText.HEARD),
        (ENDED, le.Origin.PERSON, ProofText.WRITTEN),
        (ENDED, le.Origin.INTERPRETER, ProofText.WRITTEN),
        (ENDED, le.Origin.SPEAKER, ProofText.WRITTEN),
        (ENDED, le.Origin.TRANSLATED, ProofText.TRANSLATED),
        (ENDED, "", ""),
        (ENDED, "of a later release", ""),
        (corrected(machine=True), le.Origin.MACHINE, ProofText.BETTERED),
        (split("a", "b", timed(0, "Yes."), timed(200, "No."))[1], le.Origin.MACHINE, ProofText.HEARD),
        (corrected(machine=True), le.Origin.PERSON, ProofText.WRITTEN),
        (corrected(machine=True, made_from=MADE_FROM), le.Origin.TRANSLATED, ProofText.TRANSLATED),
        (corrected(machine=True, made_from=MADE_FROM), le.Origin.MACHINE, ProofText.HEARD),
        (corrected(machine=False), "", ProofText.MENDED),
        (corrected(machine=False), le.Origin.MACHINE, ProofText.MENDED),
        (ev.SessionPaused(t=5), le.Origin.MACHINE, ""),
    ],
)
def test_a_line_says_how_it_came_about(event: ev.AnyEvent, origin: str, key: str) -> None:
    assert source_text(event, origin) == key
