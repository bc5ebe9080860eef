"""The numbers of the policy. Times are ms; where each comes from: `docs/why/speech.md`."""

from __future__ import annotations

import msgspec


class SpeechSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one channel is cut, recognised and committed."""

    # The gate: when somebody speaks.
    speech_p: float = 0.5
    """Probability of speech in a frame that begins an utterance."""
    silence_p: float = 0.35
    """Below this a frame is silence while somebody speaks."""
    pre_roll: int = 352
    """Audio in front of the first frame of speech that belongs to the utterance."""
    utterance_end: int = 480
    """Silence that ends an utterance."""
    shortest_speech: int = 96
    """Less speech than this is a click, and is not recognised."""

    # Passes: when to recognise.
    first_pass: int = 900
    """Audio since speech began before the first pass."""
    step: int = 416
    """New audio before the next pass, at least."""
    step_share: float = 1.6
    """New audio before the next pass, as a multiple of what the last pass took."""
    catch_up: int = 6_000
    """A backlog up to this is heard in the windows of a live pass, one after the other; a longer one in one window."""
    hesitation: int = 64
    """Silence at which a pass waits to see whether the utterance is over."""
    settled: int = 250
    """Silence at which the utterance is recognised as if it were over."""
    tail: int = 300
    """Silence that a window keeps behind the last speech."""
    longest_window: int = 15_000
    """Audio of one pass at most. A recogniser takes 30 s, for seven times the cost of 10 s, and the memory."""

    # Commits: which words stay.
    agreed_margin: int = 250
    """A word that two passes agree on stays when it ends this long before the window's edge."""
    doubted_p: float = 0.6
    """An agreed word with less probability than this stays later."""
    doubted_margin: int = 800
    """... when it ends this long before the edge: two guesses from much the same sound are often alike and wrong."""
    alone_margin: int = 1000
    """A word of a single pass stays when it ends this long before the window's edge."""
    alone_p: float = 0.7
    """... and has this probability, as have all words before it."""
    shown_p: float = 0.45
    """Probability that a new word of a partial needs to be shown."""
    shown_edge_p: float = 0.66
    """... when it is the last one and ends near the window's edge."""
    shown_margin: int = 150
    """How near that is."""
    doubtful_speech: int = 320
    """Utterances with less speech than this are kept only when they are probable."""
    doubtful_p: float = 0.4
    """... which is this, on the average of their words."""
    believed_p: float = 0.15
    """Probability that the first word of an utterance needs before anything of it stays or is shown."""
    believed_mean: float = 0.6
    """... or else the average of all its words. Babble, music and noise make a decoder guess from the first word on."""
    even_range: float = 9.0
    """Between soft and loud (the tenth and the 95th percentile of its frames), dB: a sound with less is even."""
    even_mean: float = 0.75
    """What the words of an utterance in even sound need on average before any of them stays or is shown."""
    even_words: int = 3
    """... when they are at least so many."""
    even_p: float = 0.85
    """... and when they are fewer: a decoder that hears a crowd is fond of "Thank you."."""
    unbelieved_window: int = 6_000
    """A window in which nothing is believed is forgotten at this length, but for its end."""
    unbelieved_kept: int = 1_000
    """How much of its end stays: with less, a sound that dies away would no longer be known for even."""

    missed_speech: int = 700
    """Speech behind the last word of a pass that shows that the decoder stopped too early."""

    # Windows: what a pass needn't hear again.
    trim_at: int = 5_000
    """A window longer than this is cut at a pause, or where a clause ends."""
    trim_anywhere_at: int = 8_000
    """A window longer than this is cut between any two committed words."""
    kept: int = 3_000
    """Audio that a cut leaves in the window at least: with less, the next pass lacks context."""
    overlap: int = 3
    """Committed words that a cut leaves in front, to find the seam by."""

    # Lines that have ended, heard once more.
    review_within: int = 1_200
    """A line is heard once more within this time of its end, or not."""
    review_margin: int = 300
    """Sound on both sides of it that goes in."""
    review_words: int = 3
    """A line with fewer words is left alone: it has no more context than it had."""
    review_doubt: float = 0.6
    """A line is heard once more when one of its words has no more probability than this."""
    review_gain: float = 0.15
    """How much more probable other words have to be."""
    review_share: float = 0.02
    """Share of a channel's words that may be changed."""
    longest_step: int = 4_000
    """Sound that may come in while a pass runs and the line waits."""

    # Segments.
    longest_segment: int = 12_000
    """A segment ends here."""
    clause_break: int = 8_000
    """From here on it ends at a clause."""
    pause: int = 1_000
    """Silence after which an open segment that nobody carries on ends."""

    # Languages.
    switch_p: float = 0.8
    """Probability that a language other than the last one needs in one utterance; two utterances need none."""
    unlike_step: int = 1_000
    """New sound that a window needs to count as evidence of another language than those that are expected."""
    unlike_most: float = 3.0
    """How much one window of 3 s counts at most: twenty times as likely (a logarithm)."""
    unlike_at: float = 12.0
    """Evidence at which another language is named: four such windows with nothing against it."""
    unlike_over: float = 6.0
    """Evidence below which it is taken back."""

    # What is said about the channel.
    state_every: int = 1_000
    """Shortest time between two reports without a change."""
