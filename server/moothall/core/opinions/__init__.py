"""Groups of opinion: from votes on comments to groups, and to what these share."""
