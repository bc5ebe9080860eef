"""Reports: the process that suggests lines."""
