"""`todoappctl status`: one TodoApp with its conditions and all that it has become.

In come a name and a kubeconfig context; out goes a tree for people or JSON for programs. `cluster` logs in
and asks the API server, `reader` decides what to ask for, `tree` puts it in order, `printer` shows it.
Only `cluster` and `reader` need the `kubernetes` client, so `command` imports them late. It reads and
never writes, and Secrets are never asked for.
"""
