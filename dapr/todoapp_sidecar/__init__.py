"""Dapr's HTTP API for one laptop: the calls the application makes, durable in one SQLite file.

In come HTTP calls of the apps (publish, state, secrets, jobs, invocation, health, metadata), on one port
per app instance; `http` answers them as `daprd` 1.18 does. Out go events and due jobs, as HTTP calls to
the apps: `broker` and `jobs` lease them from the file and `worker` runs them. Callers are `todoappctl run`,
the tests, and developers with files of their own; what the sidecar does not know, it refuses by name.

Never may an answer leave before its data is on disk, two events of one key be under way at once, or an
event be deleted before each consumer group has handled it (Dapr's own in-memory broker keeps none).
"""
