"""What every HTTP application here has: problems, health, metrics, request ids, limits.

In come requests and the errors of handlers; out go answers with a request id, one log line per
request, and a problem (RFC 9457) for every refusal. The processes add it to their applications. It knows
no feature, and no failure leaves without a status, a code and a log line.
"""
