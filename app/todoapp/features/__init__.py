"""What the application does for people, one package per subject, each with the same files.

`model, inputs, view, errors, events, service`, then one file per rule. In come checked inputs and an
open transaction (`UserChanges`) or a session; out go views and domain errors, and events are recorded.
Routes and subscribers of `processes` call them, and a feature calls only those below it (pyproject.toml
has the layers). A feature never commits, never speaks HTTP and never reads a row of another user.
"""
