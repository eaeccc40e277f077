"""A user's data as a whole: the export and the deletion of an account.

In comes a user, out goes one JSON document (docs/export-format.md) in pieces, or nothing of the user is
left. The api calls it, and importing reads the document. The export holds no secret; a deletion cancels
reminders and announces itself before the rows go.
"""
