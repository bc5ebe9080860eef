from __future__ import annotations

from moothall.adapters.operation.findings_page import Subject, findings_page
from moothall.services.operation.findings import fine, mend, unseen

SUBJECT = Subject(
    machine="hall-1",
    release="1.0",
    public="https://hall.example.org",
    data="/var/lib/moothall",
    settings="",
    when="2026-12-01 08:00 UTC",
)


def test_what_has_to_be_done_comes_first_and_everything_is_escaped() -> None:
    page = findings_page([fine("Python", "3.13.1."), unseen("Clock", "?"), mend("Disk", "<b>Make</b> room.")], SUBJECT)
    assert page.index("&lt;b&gt;Make&lt;/b&gt; room.") < page.index("3.13.1.") < page.index("<td>Clock</td>")
    assert "<b>" not in page
    assert "To do: 1." in page
    assert "none: all settings" in page
    assert "<script" not in page
    assert "Nothing has to be done." in findings_page([fine("Python", "3.13.1.")], SUBJECT)
