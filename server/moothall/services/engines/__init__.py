"""Assigns channels to engines, and stores the words that the engines recognise."""
