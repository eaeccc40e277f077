"""Deliveries to servers outside: what is due, when it is tried again, when it fails for good.

In come rows that wait in lanes (`claiming`, `turns`, `repair`), the outcomes of attempts (`delivery`) and
what they say of a receiver (`destination`); out go connections to public addresses (`network`). Channels
and webhooks build on it. Two processes never hold one delivery at the same time, no user takes more than
two places of a lane, no connection leads to a private address, and nothing here knows what is sent.
"""
