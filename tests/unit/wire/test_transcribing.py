from __future__ import annotations

import msgspec
import pytest

from moothall.core.events.lines import Word
from moothall.wire.transcribing import MOST_FRAME, Finished, HeardLine, TranscriberMessage, frame


def test_a_frame_says_how_long_it_is() -> None:
    assert frame(b"\x01\x02") == b"\x02\x00\x00\x00\x01\x02"
    assert frame(b"") == bytes(4)


def test_a_frame_is_bounded() -> None:
    assert len(frame(bytes(MOST_FRAME))) == MOST_FRAME + 4
    with pytest.raises(ValueError, match="has at most"):
        frame(bytes(MOST_FRAME + 2))


def test_a_lines_text_is_its_words() -> None:
    line = HeardLine(t0=0, t1=2, language="en", words=(Word("We", 0, 1), Word(" go.", 1, 2)))
    assert line.text == "We go."


def test_the_end_of_an_older_worker_can_be_read() -> None:
    assert msgspec.json.decode(b'{"is":"finished","cpu_ms":5}', type=TranscriberMessage) == Finished(cpu_ms=5)
