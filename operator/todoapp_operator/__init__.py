"""The TodoApp resource, `todoappctl` and the operator.

In comes a TodoApp, from a file or from the API server. Out go the processes of a laptop, printed
manifests, or objects that are applied to a cluster and a status that says how far that is. `cli` calls the
commands; the command `operate` runs the controller. Layers, from above: commands and controller,
reconcile, render, kube, resource. The application is never imported: both meet in environment variables
and files, which contract tests compare.
"""
