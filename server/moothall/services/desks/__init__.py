"""The desks of the staff: acts and their undoing, calls of questions, moved lines and removed words."""
