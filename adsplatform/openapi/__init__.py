"""The document of the API in OpenAPI 3.1, generated from what the viewsets declare, and the page that shows it."""
