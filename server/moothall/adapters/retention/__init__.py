"""Pages of the secretariat about periods, what is due, removal by person, and what was removed."""
