"""Text of outside captioning software: streams of characters that become lines of a session."""
