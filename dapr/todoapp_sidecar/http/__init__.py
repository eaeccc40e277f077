"""Dapr's HTTP API, one module per building block.

`api` joins the blocks into the application of one app instance; `edge` has what they share: token, trace,
body limit and errors. A block translates calls and answers only; the rules are in the modules above it.
"""
