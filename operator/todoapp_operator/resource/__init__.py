"""The TodoApp resource: what a user can ask for, and what is wrong with what they wrote.

In comes YAML or the JSON of the API server; out goes a frozen `TodoApp`, or a UserError with line, field
and rule. Each rule stands here once, for Python and as CEL for the API server. Every other package reads
these models; the CRD, the reference page and the types for Pulumi follow from them. Nothing here knows a
cluster, the clock or the environment.
"""
