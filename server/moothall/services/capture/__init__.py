"""From a source of sound to the text of a channel: live sound, files, and the close of a session."""
