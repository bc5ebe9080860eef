"""The pages that a hub serves in its room: readers' pages, the coordinator's desk, walls, set-up."""
