"""`ads`: loads files and reads records from a command line or a script, through the REST API.

It talks to a server and imports nothing of it, so that it starts at once and needs no database.
"""
