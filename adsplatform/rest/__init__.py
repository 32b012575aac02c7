"""What all endpoints of the API share. Of our apps it imports only accounts."""
