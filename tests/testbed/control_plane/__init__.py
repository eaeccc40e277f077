"""A real Kubernetes control plane on one machine, for developers and tests.

etcd, API server, controller manager and scheduler are the real ones, built from their Go modules; kwok
plays the node, so that pods get ready without running anything.
"""
