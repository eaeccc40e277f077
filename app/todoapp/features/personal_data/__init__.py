"""A user's data as a whole: taking it along, and deleting it."""
