"""What every part of the application may use: database, settings, errors, field types, pages, logs.

In come values and a database session, out go values, rows and domain errors. All other packages call it;
it imports none of them. It never knows a feature, HTTP or the sidecar, and importing it reads no
environment and opens no connection.
"""
