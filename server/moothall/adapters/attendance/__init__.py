"""Pages about attendance: reports, the attendance list, and the table of the recommendations."""
