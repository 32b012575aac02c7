"""How callers identify themselves, for the document of the API."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class CredentialScheme(OpenApiAuthenticationExtension):
    """Any one of these identifies the caller."""

    target_class = "adsplatform.rest.authentication.CredentialAuthentication"
    name = ["api_key", "bearer_token"]

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        return [
            {"type": "apiKey", "in": "header", "name": "Api-Key", "description": "An API key."},
            {"type": "http", "scheme": "bearer", "description": "A token from sign-in, or an API key."},
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        return [{"api_key": []}, {"bearer_token": []}]
