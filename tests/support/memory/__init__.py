"""Parts of the server without sockets and disks, on a loop whose time jumps."""
