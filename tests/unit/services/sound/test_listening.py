from __future__ import annotations

from moothall.services.sound.listening import BYTES_A_MS, LATEST_MS, Listening, SoundListener


def test_a_listener_hears_what_comes_and_silence_for_what_is_not_kept() -> None:
    source, one, gone = Listening(), SoundListener(), SoundListener()
    source.add(one)
    source.add(gone)
    source.remove(gone)
    source.heard(b"\x01\x02", kept=True)
    source.heard(b"\x03\x04", kept=False)
    assert (one.take(), one.take(), gone.take()) == (b"\x01\x02\x00\x00", b"", b"")


def test_what_waits_for_a_slow_listener_is_bounded_and_the_oldest_goes() -> None:
    slow, most = SoundListener(), LATEST_MS * BYTES_A_MS
    for n in range(40):
        slow.put(bytes([n]) * 3_200)
    taken = slow.take()
    assert len(taken) <= most
    assert taken[-1] == 39
    slow.put(bytes(3 * most))
    assert len(slow.take()) == most
