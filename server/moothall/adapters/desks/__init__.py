"""The pages of whoever works on a session (captioner, moderator, control room, microphone) and their socket."""
