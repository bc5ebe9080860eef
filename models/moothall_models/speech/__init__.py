"""The speech policy, without input and output: when to recognise which audio, and which words to commit."""
