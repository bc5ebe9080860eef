"""What people see: folds over the log."""
