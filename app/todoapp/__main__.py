"""`python -m todoapp` is the command `todoapp`."""

from todoapp.cli import main

main()
