"""Speaking to the API server: requests, and caches that follow what happens there."""
