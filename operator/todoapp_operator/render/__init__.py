"""What a TodoApp becomes: pure functions from the resource to manifests and environment variables.

In come a TodoApp and a Platform (what the cluster knows); out go manifests in the order in which they are
applied, and the kinds that the cluster lacks. `reconcile`, `todoappctl render` and `todoappctl run` call
it, through `todoapp.render`, `environment` and `secret_specs`. The same arguments give the same bytes. No
module reads a cluster, the clock, the environment or a random number, and no secret value ever stands in a
manifest.
"""
