"""The secretariat's pages, staff links, imports, and the commands of this machine."""
