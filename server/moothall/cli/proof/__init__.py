"""What the command line does with proofs and with the public tree."""
