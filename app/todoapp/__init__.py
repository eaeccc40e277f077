"""TodoApp: an event-driven to-do service.

`cli` starts `processes` (api, notification, recurrence) and runs `commands`; processes use `features`, which
use `messaging` and the `kit`. Packages import downwards only, as pyproject.toml has it, and importing any of
them reads no environment. It speaks to brokers and clusters through its Dapr sidecar only.
"""
