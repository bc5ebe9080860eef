from __future__ import annotations

from moothall.core.kernel.errors import RecognitionFailed
from moothall_models.engine.dialling import JitteredBackoff, first_of


def test_the_wait_doubles_from_a_fifth_of_a_second_to_five() -> None:
    backoff = JitteredBackoff(lambda: 1.0)
    assert [backoff.next_ms() for _ in range(7)] == [200, 400, 800, 1_600, 3_200, 5_000, 5_000]
    backoff.reset()
    assert backoff.next_ms() == 200


def test_jitter_takes_up_to_half_of_it_away() -> None:
    backoff = JitteredBackoff(iter([0.0, 0.5]).__next__)
    assert [backoff.next_ms(), backoff.next_ms()] == [100, 300]


def test_what_ended_a_link_is_found_in_its_groups() -> None:
    failed = RecognitionFailed("It said nothing.")
    assert first_of(failed) is failed
    assert first_of(ExceptionGroup("link", [ExceptionGroup("passes", [failed]), ValueError()])) is failed
