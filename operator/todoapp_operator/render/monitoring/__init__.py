"""What makes a TodoApp observable: monitors, alerts and dashboards.

In comes a TodoApp; out go manifests for the Prometheus operator and Grafana. All queries are built from
the names in `series`, which a contract test compares with the metrics that the processes serve. Each alert
names a runbook that exists.
"""
