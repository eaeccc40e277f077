"""Carrying facts between processes. Nothing here knows what a task is."""
