"""The web server: gunicorn, with a worker that hands a request to a thread only when all of it has arrived."""
