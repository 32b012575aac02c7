"""What is wrong with an enrollment as a whole, and who gets an e-mail about it."""
