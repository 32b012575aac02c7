"""Wake-ups for the workers, claims of the next sync, and the database sessions of running syncs."""
