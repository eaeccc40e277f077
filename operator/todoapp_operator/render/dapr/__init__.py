"""Dapr's resources for a TodoApp."""
