from __future__ import annotations

import pytest

from meeting import opened, partial
from moothall.services.log.publication import Publication
from recorder import SESSION, Recorder


def test_every_record_comes_with_what_it_says() -> None:
    record = Recorder().record(opened("s1"))
    assert Publication(session=SESSION, records=(record,), events=(opened("s1"),)).signals == ()
    assert Publication(session=SESSION, signals=(partial(" a"),)).records == ()
    with pytest.raises(ValueError, match="1 records but 0 events"):
        Publication(session=SESSION, records=(record,))
