"""What a TodoApp becomes: pure functions from the resource to manifests and environment variables."""
