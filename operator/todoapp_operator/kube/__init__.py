"""Speaking to the API server: requests, log-in, and informers that follow what happens there.

In come kinds, names and bodies; out go JSON objects as the API server returns them, or an ApiError.
`reconcile` and the controller call it; the commands use only `kinds`, `health` and `manifest`. It knows
how to log in and how long to wait, and nothing of what a TodoApp becomes. An informer never loses an event
without listing again, and no method retries a write: that is the work queue's decision.
"""
