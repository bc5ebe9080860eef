"""The single writer of each session's log: its queue, folding, erasing, signing, publication."""
