"""What `todoappctl` does besides rendering and operating; each command is a module or a package of its own.

`cli` calls them with parsed arguments. They print, and raise UserError for what the user can correct. They
never import each other or the controller; what takes long to import is imported within the function that
needs it.
"""
