"""Text that comes from software of others as a stream of characters, with deletes that reach back."""
