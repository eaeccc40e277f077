"""Making a cluster what a TodoApp says, and saying how far that is.

In comes the key of a TodoApp, from the work queue; out go server-side applies, deletes, a status and an
Event. What is on the cluster is read from `Children` and `TodoApps`, which informers and Kopf keep up to
date; `findings` judges it without a cluster. The controller alone calls `Reconciler.reconcile`.
Reconciling again must change nothing, so an object is only written when a field that we own differs. No
value of a Secret is kept in memory, only its digest.
"""
