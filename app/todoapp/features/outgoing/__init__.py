"""Telling the world outside: what is due, tried again and given up, and which addresses may be reached.

Nothing here knows what is sent.
"""
