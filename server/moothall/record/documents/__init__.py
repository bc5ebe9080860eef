"""The record as a document of styled paragraphs, and as DOCX."""
