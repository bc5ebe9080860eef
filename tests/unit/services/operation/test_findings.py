from __future__ import annotations

from moothall.services.operation.findings import Verdict, all_well, fine, mend, unseen


def test_only_what_has_to_be_done_is_not_well() -> None:
    findings = [fine("Disk room", "40 GB are free."), unseen("Clock", "The system doesn't say.")]
    assert all_well(findings)
    assert not all_well([*findings, mend("Model", "It is missing.")])
    assert [each.verdict for each in findings] == [Verdict.FINE, Verdict.UNSEEN]
