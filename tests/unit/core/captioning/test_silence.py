"""When the holder counts as silent; times are given."""

from __future__ import annotations

from moothall.core.captioning.silence import FIRST_MS, GONE_MS, PAUSE_MS, QUIET_MS, HolderSigns, Silence, SoundSince


def test_a_link_that_is_gone_for_three_seconds_is_silence() -> None:
    signs = HolderSigns.at(0).seen(100, here=True).seen(1_000, here=False).seen(2_000, here=False)
    assert signs.silence(1_000 + GONE_MS - 1) is None
    assert signs.silence(1_000 + GONE_MS) is Silence.GONE
    assert signs.seen(5_000, here=True).silence(9_000) is None


def test_a_link_that_was_never_there_has_time_to_come() -> None:
    signs = HolderSigns.at(0).seen(100, here=False)
    assert signs.silence(FIRST_MS - 1) is None
    assert signs.silence(FIRST_MS) is Silence.GONE
    late = HolderSigns.at(0).seen(60_000, here=False)
    assert late.silence(60_000 + GONE_MS) is Silence.GONE


def test_a_tool_that_calls_for_each_line_is_never_gone() -> None:
    assert HolderSigns.at(0).seen(100, here=None).silence(900_000) is None


def test_whose_posts_come_without_a_page_is_not_gone_but_may_be_quiet() -> None:
    never = HolderSigns.at(0).seen(100, here=False).wrote(5_000)
    assert never.silence(FIRST_MS + 60_000) is None  # Nobody speaks.
    assert spoken(never, 20_000, 20_000 + QUIET_MS).silence(20_000 + QUIET_MS) is Silence.QUIET
    closed = HolderSigns.at(0).seen(100, here=True).wrote(900).seen(1_000, here=False)
    assert closed.silence(1_000 + GONE_MS) is Silence.GONE
    assert closed.wrote(2_000).silence(1_000 + GONE_MS) is None
    back = closed.wrote(2_000).seen(3_000, here=True)
    assert back.silence(60_000) is None
    assert back.seen(60_000, here=False).silence(60_000 + GONE_MS) is Silence.GONE


def spoken(signs: HolderSigns, since: int, until: int) -> HolderSigns:
    for now in range(since, until + 1, 1_000):
        signs = signs.heard(now, speech=True)
    return signs


def test_speech_for_eight_seconds_with_nothing_written_is_silence() -> None:
    signs = spoken(HolderSigns.at(0), 10_000, 10_000 + QUIET_MS)
    assert spoken(HolderSigns.at(0), 10_000, 16_000).silence(16_000) is None
    assert signs.silence(10_000 + QUIET_MS) is Silence.QUIET
    assert signs.wrote(12_000).silence(10_000 + QUIET_MS) is None
    assert signs.silence(10_000 + QUIET_MS + PAUSE_MS) is None  # Nobody speaks any more.


def test_a_pause_begins_the_count_anew_and_a_breath_does_not() -> None:
    paused = spoken(spoken(HolderSigns.at(0), 0, 6_000).heard(7_000, speech=False), 20_000, 24_000)
    assert paused.silence(24_000) is None
    breath = spoken(spoken(HolderSigns.at(0), 0, 6_000).heard(7_000, speech=False), 8_000, 9_000)
    assert breath.silence(9_000) is Silence.QUIET


def test_what_is_known_of_sound_of_which_nobody_wrote() -> None:
    sound = SoundSince(known=10_000)
    for now in range(11_000, 20_001, 1_000):
        sound = sound.through(now, speech=False)
    assert (sound.known, sound.spoke) == (20_000, None)
    spoke = sound.through(21_000, speech=True)
    assert spoke.spoke == 20_000
    assert spoke.through(22_000, speech=False).spoke == 20_000
    assert sound.through(20_000 + PAUSE_MS, speech=False).spoke == 20_000  # Nothing is known of a while.
    assert sound.through(19_000, speech=False) == sound
    assert sound.passed(60_000).through(60_100, speech=False).spoke is None  # Nothing was to become text meanwhile.
    assert spoke.passed(60_000).spoke == 20_000
