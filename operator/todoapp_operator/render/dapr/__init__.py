"""Dapr's resources of a TodoApp: components, subscriptions, resiliency, and annotations of the sidecars.

In come a TodoApp and the names of its components; out go Dapr's manifests for a cluster, and the same as
files for `todoappctl run` and the Dapr CLI. Names differ between a cluster and a laptop (`render.names`),
content does not. Passwords are references to Secrets, never values.
"""
