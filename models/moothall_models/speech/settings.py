"""The parameters of the speech policy. Times are ms; `docs/why/speech.md` says where each number comes from."""

from __future__ import annotations

import msgspec

from moothall.core.sessions.who_speaks import LONGEST_PAUSE_MS


class VoiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters by which changes of voice are heard and voices are known again. A frame has 32 ms."""

    speech_p: float = 0.35
    """Least probability of a frame that counts as speech."""
    window: int = 32
    """Frames of speech in a window that is measured."""
    step: int = 16
    """New frames of speech from one window to the next."""
    step_in_doubt: int = 8
    """As `step`, after a window that was unlike the turn."""
    remembered: int = 12
    """Newest windows of a turn by which its voice is known."""
    alike: float = 0.4
    """Least likeness to the turn of a window that is of its voice."""
    agreeing: int = 3
    """Windows in a row, unlike the turn, that prove another voice."""
    near: int = 14
    """Frames of speech from the place where the voice changes by its vectors to a pause that is taken instead."""
    farther: float = 0.15
    """Frames by which that pause has to be longer for each frame of speech that it is away."""
    longest_pause: int = LONGEST_PAUSE_MS
    """Silence in ms that ends a turn."""
    margin: int = 400
    """Time in ms from a change of voice to an end of a line or of a sentence that is taken for it."""
    split_within: int = 6_000
    """Time in ms after a line's end within which it may still be split, or be said to end a turn."""
    known: float = 0.5
    """Least likeness of a turn to a voice that was learnt, for its lines to be told as said by it."""
    apart: float = 0.1
    """By how much that likeness has to exceed the likeness to any other voice that was learnt."""
    settled: int = 1_000
    """Silence in ms after which no window comes that could still be of the last words."""


class SpeechSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters by which a channel is cut into utterances, recognised, committed and divided into segments."""

    # The gate decides when somebody speaks.
    speech_p: float = 0.5
    """Least probability of speech in a frame that begins an utterance."""
    silence_p: float = 0.35
    """Probability of speech below which a frame within an utterance counts as silence."""
    pre_roll: int = 352
    """Audio before the first frame of speech that belongs to the utterance."""
    context: int = 3_000
    """Audio before the pre-roll with which an utterance is recognised once more in the pause after it, if it is short
    and in doubt."""
    utterance_end: int = 480
    """Silence that ends an utterance."""
    shortest_speech: int = 96
    """Least speech of an utterance that is recognised; less is a click."""

    # Passes: when to recognise.
    first_pass: int = 900
    """Audio from the beginning of speech to the end of the first window."""
    step: int = 416
    """Least new audio between the ends of two windows."""
    step_share: float = 1.6
    """Multiple of what recent passes took on average: where it is more than `step`, passes are slow, and it becomes the
    new audio between the ends of two windows."""
    catch_up: int = 6_000
    """Longest backlog that is heard in windows of live passes, one by one; a longer one is heard in one window."""
    hesitation: int = 64
    """Silence from which on a pass waits to see whether the utterance is over."""
    settled: int = 250
    """Silence after which the utterance is recognised as if it were over."""
    tail: int = 300
    """Most silence that a window includes after the last speech."""
    longest_window: int = 15_000
    """Most audio of one pass. A recogniser accepts 30 s, which cost seven times as much as 10 s, and more memory."""

    # Recognisers that stream by themselves: they hear each sample once, and say which words stay.
    stream_step: int = 160
    """Least new audio of a step, but for an utterance's last one."""
    longest_step_of_stream: int = 2_000
    """Most new audio of a step, so that a channel with a backlog doesn't hold up the others."""
    stream_divided_at: int = 10_000
    """Length from which on an utterance ends at a hesitation, so that an engine that goes on for another hears little
    again; at `longest_window` it ends in any case."""

    # Commits: which words stay. The margins are distances from the end of a word to the end of the window.
    agreed_margin: int = 250
    """Least margin for committing a word on which two passes agree."""
    doubted_p: float = 0.6
    """Probability below which an agreed word needs the larger `doubted_margin`."""
    doubted_margin: int = 800
    """Least margin for committing a doubted word: two guesses from much the same sound are often alike and wrong."""
    alone_margin: int = 1000
    """Least margin for committing a word of a single pass, if it has `alone_p`."""
    alone_p: float = 0.7
    """Least probability for committing a word of a single pass; all words before it must be committed too."""
    shown_p: float = 0.45
    """Least probability of a new word that is shown in a partial."""
    shown_edge_p: float = 0.66
    """Least probability of a new word that is shown, when it is the last word and ends within `shown_margin`."""
    shown_margin: int = 150
    """Margin within which the last word may be half a word."""
    doubtful_speech: int = 320
    """Speech below which an utterance is kept only if its words have the average probability `doubtful_p`."""
    doubtful_p: float = 0.4
    """Least average probability of the words of such a short utterance."""
    believed_p: float = 0.15
    """Least probability of an utterance's first word before any of its words is committed or shown, unless their
    average is `believed_mean`."""
    believed_mean: float = 0.6
    """Average probability of an utterance's words that suffices instead of `believed_p`. Babble, music and noise make a
    decoder guess from the first word on."""
    believed_voice: int = 80
    """Least speech for each of an utterance's first words, ms: nobody says a word in less. Of a burst of babble a
    decoder made three words in 160 ms."""
    even_range: float = 9.0
    """Greatest difference of level in an even sound, dB, between the 10th and the 95th percentile of its frames."""
    even_mean: float = 0.75
    """Least average probability of the words of an utterance in even sound before any is committed or shown."""
    even_words: int = 3
    """Fewest words to which `even_mean` applies; to fewer words `even_p` applies."""
    even_p: float = 0.85
    """As `even_mean`, for fewer than `even_words`: from the sound of a crowd a decoder often makes "Thank you."."""
    unbelieved_window: int = 6_000
    """Length at which a window whose words are all rejected is dropped, except for its end."""
    unbelieved_kept: int = 1_000
    """How much of the end of such a window is kept: with less, a fading sound would no longer count as even."""

    missed_speech: int = 700
    """Speech after the last word of a pass that shows that the decoder stopped too early."""

    # Windows: how much audio the next pass hears again.
    trim_at: int = 5_000
    """Length from which on a window is cut at a pause or at the end of a clause."""
    trim_anywhere_at: int = 8_000
    """Length from which on a window is cut between any two committed words."""
    kept: int = 3_000
    """Least audio that a cut leaves in the window: with less, the next pass lacks context."""
    overlap: int = 3
    """Committed words that a cut leaves at the beginning of the window, to find the seam."""

    # The better passes over lines that have ended.
    review_within: int = 6_000
    """Time after the end of a line within which its better passes have to be requested; later it keeps its text."""
    review_reach: int = 15_000
    """Most audio of its window: the lines with their neighbours."""
    review_margin: int = 300
    """Sound before the first and after the last line that its window includes."""

    # Segments.
    longest_segment: int = 12_000
    """Length at which a segment ends after any word."""
    clause_break: int = 8_000
    """Length from which on a segment ends at the end of a clause."""
    pause: int = 1_000
    """Silence after which an open segment ends when no speech continues it."""

    # Languages.
    switch_p: float = 0.8
    """Least probability among the expected languages for changing to another one within an utterance of which words
    are committed, or by a single word."""
    unlike_step: int = 1_000
    """Least new sound of a window that counts as evidence of an unexpected language."""
    unlike_most: float = 3.0
    """Greatest evidence of one window of 3 s, as a natural logarithm: twenty times as likely."""
    unlike_at: float = 12.0
    """Evidence at which an unexpected language is reported: four such windows without counter-evidence."""
    unlike_over: float = 6.0
    """Evidence below which the report is withdrawn."""

    # Reports of the channel's state.
    state_every: int = 1_000
    """Shortest time between two reports without a change."""

    voices: VoiceSettings = VoiceSettings()
    """How voices are told apart, where a meeting wants it."""
