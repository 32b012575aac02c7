"""What `make up` needs to run everything on one machine."""
