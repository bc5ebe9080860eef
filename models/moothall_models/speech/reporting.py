"""What is said about a channel: sound or silence, and how late the text is."""

from __future__ import annotations

from moothall.core.kernel.ids import ChannelId
from moothall.core.signals import ChannelState, Sound
from moothall_models.speech.settings import SpeechSettings


class Reporter:
    """Gives out a state when the sound changes, and else at most once a second."""

    def __init__(self, channel: ChannelId, settings: SpeechSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._sound: Sound | None = None
        self._t = 0

    def report(self, sound: Sound, lag: int, t: int) -> list[ChannelState]:
        """The state to send now, if any. `lag` in ms, `t` media ms up to which the channel has been heard."""
        if sound is self._sound and t - self._t < self._settings.state_every:
            return []
        self._sound, self._t = sound, t
        return [ChannelState(channel=self._channel, sound=sound, lag=max(0, lag), t=t)]
