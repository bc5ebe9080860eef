"""Who was there: counts of the room, of hubs and of readers, the attendance list, and the reports made of them."""
