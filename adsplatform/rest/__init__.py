"""What every endpoint of the API shares; knows no app of ours but accounts."""
