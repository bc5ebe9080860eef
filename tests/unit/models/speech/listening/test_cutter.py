"""What is the same for all recognisers; how each policy lives with it, their own tests show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from moothall.wire.engine import Attach
from moothall_models.engine.policies import ChannelPolicy
from moothall_models.speech.channel import SpeechChannel
from moothall_models.speech.listening.streamed import StreamedChannel
from support.sound.streaming import TalkStream
from support.sound.talking import FRAME, attach, probability, said, silence

WORDS = said("We hold these truths", 512, each=400)
Policy = Callable[[Attach], ChannelPolicy]
POLICIES: list[Policy] = [SpeechChannel, lambda attached: StreamedChannel(attached, TalkStream(WORDS))]


@pytest.mark.parametrize("policy", POLICIES)
def test_sound_has_to_come_whole_and_in_order(policy: Policy) -> None:
    channel = policy(attach())
    channel.hear(0, silence(2), [0.0, 0.0])
    for t, frames, odds in ((0, 1, [0.0]), (64, 2, [0.0])):
        with pytest.raises(ValueError, match="send whole frames in order"):
            channel.hear(t, silence(frames), odds)
    channel.end_of_audio()
    assert channel.done
    with pytest.raises(ValueError, match="none after the end"):
        channel.hear(64, silence(1), [0.0])


@pytest.mark.parametrize("policy", POLICIES)
def test_an_utterance_begins_before_its_first_sound(policy: Policy) -> None:
    channel = policy(attach())
    assert channel.resume_point.begin == 0
    for t in range(0, 1_600, FRAME):
        channel.hear(t, silence(1), [probability(WORDS, t)])
    request = channel.next_pass(1_600)
    assert request is not None
    assert request.start == channel.resume_point.begin == 512 - 352
    assert channel.waiting == 1_600 - 512
