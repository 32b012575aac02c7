"""What `make up` needs to run the whole product on one machine."""
