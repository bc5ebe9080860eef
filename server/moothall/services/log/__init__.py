"""The one writer of each session's log: orders, folding, erasing, signing, publication."""
