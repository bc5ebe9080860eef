"""The record of a session, and its formats: text, HTML, JSON, subtitles, e-books, Akoma Ntoso."""
