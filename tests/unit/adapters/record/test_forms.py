from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile, is_zipfile

import pytest

from moothall.adapters.record.forms import TYPES, write_record
from moothall.record.wording import Options
from support.sessions.record_maker import WORDING, tagged_wrongly


@pytest.mark.parametrize("form", sorted(TYPES.keys() - {"pdf"}))
def test_no_file_has_a_language_tag_that_is_none(form: str) -> None:
    written = write_record(form, tagged_wrongly().record(), WORDING, Options(sources=True, marks=True), str)
    files = [written]
    if is_zipfile(BytesIO(written)):
        with ZipFile(BytesIO(written)) as pack:
            files = [pack.read(name) for name in pack.namelist()]
    whole = b"\n".join(files)
    assert "Nós.".encode() in whole
    assert b"x<y>" not in whole.replace(b"&lt;", b"<").replace(b"&gt;", b">")
    assert b"en-a1-b2" not in whole
