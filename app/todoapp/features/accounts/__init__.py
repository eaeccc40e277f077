"""Who somebody is: accounts, log-ins, sessions, API tokens.

In come passwords and tokens, out go identities with their scopes, and errors that say no more than a
stranger may know. The dependencies of the api call it for every request. Secrets are stored as hashes
only; a token that was ended is never accepted again, and a failed log-in never tells whether the account
exists.
"""
