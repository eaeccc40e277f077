"""The operator's process: one active replica that keeps every TodoApp of a cluster as its resource says.

In come events, from Kopf (TodoApps) and from informers (everything else); out go calls of
`Reconciler.reconcile`, probes, metrics and JSON logs. `todoappctl operate` calls `process.operate`, which
waits for the Lease (`leader`) and then runs the `controller`: `handlers` gives Kopf what it needs, the
`work_queue` decides what is reconciled next, and `probes` answers the kubelet. One TodoApp is never
reconciled twice at the same time, and nothing is written after the Lease was lost. Every event, timer and
restart may put a TodoApp into the queue, because reconciling again changes nothing.
"""
