"""Quotations of reports, right ones and altered ones."""
