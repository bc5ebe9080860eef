"""What is begun again when it fails, and which processes are given up."""
