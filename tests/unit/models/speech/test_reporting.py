from __future__ import annotations

from moothall.core.signals import ChannelState, Sound
from moothall_models.speech.reporting import Reporter
from moothall_models.speech.settings import SpeechSettings
from talking import CHANNEL


def test_it_speaks_up_when_the_sound_changes_and_once_a_second() -> None:
    reporter = Reporter(CHANNEL, SpeechSettings())
    assert reporter.report(Sound.SILENCE, 5, 100) == [ChannelState(channel=CHANNEL, sound=Sound.SILENCE, lag=5, t=100)]
    assert reporter.report(Sound.SILENCE, 5, 1_099) == []
    assert len(reporter.report(Sound.SILENCE, 5, 1_100)) == 1
    assert reporter.report(Sound.SPEECH, -3, 1_132)[0].lag == 0
