from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.wire.languages import (
    LanguageAdded,
    LanguageMessage,
    LanguageOffer,
    LanguageProgress,
    LanguagesFailed,
    decode,
    encode,
)


@pytest.mark.parametrize(
    "message",
    [
        LanguageOffer(language="zh-Hant", size=31_000_000, licence="MPL-2.0", here=False),
        LanguageProgress(done=1, total=2),
        LanguageAdded(language="fr"),
        LanguagesFailed(said="There is no room left."),
    ],
)
def test_a_message_is_a_line(message: LanguageMessage) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1
    assert decode(line) == message


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"Traceback", b'{"kind":"added","language":"../x"}', b'{"kind":"progress","done":-1,"total":1}'],
)
def test_any_other_line_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(line)
