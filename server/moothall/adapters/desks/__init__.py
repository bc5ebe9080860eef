"""Pages of the staff who work on a session (captioner, moderator, control room, microphone), and their Socket.IO
server.
"""
