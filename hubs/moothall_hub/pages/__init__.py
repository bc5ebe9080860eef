"""What a hub serves in its room: pages, the coordinator's desk, walls, set-up."""
