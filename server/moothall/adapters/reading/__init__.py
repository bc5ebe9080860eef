"""A reader's page of a session, and the streams that keep it up to date."""
