"""Dapr's HTTP API for one laptop: the calls the application makes, durable in one SQLite file.

It serves what `daprd` 1.18 serves for publish, subscribe, state, secrets, jobs, service invocation,
health and metadata, and refuses by name what it does not know. Unlike Dapr's own in-memory
broker, its broker keeps every event until each consumer group has handled it.
"""
