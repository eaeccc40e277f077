"""The words by which a search finds a task, in the form that each database indexes.

In come a title and a description, out goes a `SearchDocument`. The model of tasks writes it whenever
either changes, and `text_search` asks for the same words. It never imports a task: the model depends on
it.
"""
