"""`todoappctl run`: a TodoApp as processes on this machine.

In come a file and a state folder; out go supervised processes with the environment of their Deployments,
and their logs on one console. `command` prepares, `run_plan` says which processes with which variables,
`supervisor` keeps them alive. A second run with the same file must find all data again, and no process may
outlive the command.
"""
