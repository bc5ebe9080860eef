from __future__ import annotations

from moothall.core.kernel.ids import Epoch, Position, log_epoch, reader_epoch


def test_a_log_that_changed_other_than_by_growing_has_another_epoch_for_readers() -> None:
    assert reader_epoch(Epoch("k3j9x2"), 0) == "k3j9x2"
    assert reader_epoch(Epoch("k3j9x2"), 2) == "k3j9x2r2"
    assert [log_epoch(Epoch(each)) for each in ("k3j9x2", "k3j9x2r2")] == ["k3j9x2"] * 2
    assert Position.parse("k3j9x2r2:7") == Position(Epoch("k3j9x2r2"), 7)
