"""Loaded sessions, access to them, role links and sign-ins, the catalogue, records, readers' reports of faults."""
