"""What is read from bytes of anybody either can't be read, with a sentence, or is written as those bytes again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.notes import read_note
from moothall.core.proof.tlog_proofs import read_proof
from moothall.core.proof.witnessing import read_request
from support.proof.keys import log_key
from support.proof.logged import event, line, proved

PROOF = bytes(proved(event(line())))
NOTE = bytes(log_key().checkpoint(3, bytes(32)))
REQUEST = b"old 2\n" + b"A" * 43 + b"=\n\n" + NOTE


@pytest.mark.parametrize(("read", "good"), [(read_note, NOTE), (read_proof, PROOF), (read_request, REQUEST)])
@given(data=st.data())
def test_nothing_is_read_that_is_written_otherwise(
    read: Callable[[bytes], object], good: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(good)))
    gone, put = data.draw(st.integers(0, 3)), data.draw(st.binary(max_size=4))
    altered = good[:at] + put + good[at + gone :]
    try:
        found = read(altered)
    except ProofBroken as error:
        assert str(error).endswith(".")  # noqa: PT017  # the sentence is what is asked for
        return
    assert bytes(found) == altered  # type: ignore[call-overload]
