"""Who is on air, and how the machine goes on after a person."""
