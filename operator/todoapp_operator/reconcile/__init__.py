"""Making a cluster what a TodoApp says, and saying how far that is."""
