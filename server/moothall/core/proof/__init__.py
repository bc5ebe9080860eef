"""The tree of all public events: its hashes, proofs, checkpoints, and who has cosigned them (C2SP tlog forms)."""
