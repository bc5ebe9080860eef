from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.cluster.node_gate import SteadyTime, open_key
from moothall.core.kernel.errors import ConfigurationError
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.wire.cluster.node_proof import KEY_BYTES, key_text


class Jumping(ManualClock):
    """A clock whose wall is set anew."""

    jumped = 0

    def wall(self) -> int:
        return super().wall() + self.jumped


async def test_a_wall_clock_that_jumps_changes_no_time_that_is_counted() -> None:
    clock = Jumping()
    time, began = SteadyTime(clock), clock.wall()
    clock.jumped = -3_600_000
    await clock.advance(500)
    assert time.now == began + 500
    time.set(7_000)
    await clock.advance(500)
    assert time.now == 7_500


def test_whoever_starts_first_makes_the_key_and_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "node.key"
    key = open_key(path, SeededRandomness(1))
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_key(path, SeededRandomness(2)) == key
    assert [each.name for each in path.parent.iterdir()] == ["node.key"]


def test_a_key_that_others_may_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "node.key"
    key = open_key(path, SeededRandomness())
    assert not caplog.text
    path.chmod(0o644)
    assert open_key(path, SeededRandomness()) == key
    assert "remove their access" in caplog.text
    assert key_text(key).strip() not in caplog.text


@pytest.mark.parametrize("held", [b"", b"short", b"\xff\xfe", key_text(bytes(31)).encode()])
def test_what_is_no_key_is_refused_with_a_sentence_and_left_as_it_is(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "node.key"
    path.write_bytes(held)
    with pytest.raises(ConfigurationError, match=r"node\.key"):
        open_key(path, SeededRandomness())
    assert path.read_bytes() == held


def test_a_file_that_cannot_be_made_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="can't be made"):
        open_key(tmp_path / "file" / "node.key", SeededRandomness())
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match="can't be read"):
        open_key(tmp_path / "folder", SeededRandomness())
