"""Dapr's HTTP API, one module per building block."""
