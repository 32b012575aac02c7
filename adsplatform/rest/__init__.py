"""What all endpoints of the API share. The only app that it imports is accounts."""
