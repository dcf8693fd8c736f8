"""What `deploy/deploy` and `deploy/stack` are made of. Python's standard library alone."""
