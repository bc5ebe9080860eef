"""The port of translation, and the translators that implement it."""
