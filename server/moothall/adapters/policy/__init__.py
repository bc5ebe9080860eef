"""Pages of policy questions and of open calls for them."""
