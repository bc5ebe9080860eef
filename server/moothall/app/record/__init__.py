"""The parts of a server that give out the record: files to take home, the public tree and its proofs, the search."""
