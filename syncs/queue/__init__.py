"""Wake-ups for the workers, and the sessions that hold a lease."""
