"""Facts between processes: events are saved with the rows they tell of, published in order and handled once.

In come rows and events of one user within a transaction (`outbox`) and deliveries from the sidecar
(`subscriptions`). Out go numbered changes (`feed`), CloudEvents (`relay`) and calls of the consumers'
handlers, at least once per event and with one effect (`inbox`). Features record, processes publish and
subscribe. Nothing here knows what a task is, publishes before the commit or commits for a feature, and
no event of a key overtakes another of that key.
"""
