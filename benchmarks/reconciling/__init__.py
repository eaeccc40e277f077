"""`make bench-operator`: the operator on a real API server."""
