"""Deliveries to servers outside: what is due, when it is tried again, when it fails for good.

In come rows that wait (`claiming`) and the outcomes of attempts (`delivery`); out go connections to
public addresses (`network`). Channels and webhooks build on it. Two processes never hold one delivery at
the same time, no connection leads to a private address, and nothing here knows what is sent.
"""
