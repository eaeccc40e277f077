"""The HTTP API and its WebSocket.

In come requests, out go answers, problems (RFC 9457) and live changes. A route translates, nothing more:
`dependencies` checks identity, scope and limits and opens the transaction, a use case of a feature does
the work. The transaction ends before the answer leaves. Routes hold no SQL, no rules and no `try`, and
never reach a row of another user.
"""
