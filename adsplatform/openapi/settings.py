"""Settings of drf-spectacular."""

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "ADS Platform",
    "VERSION": "v1",
    "DESCRIPTION": (
        "Loads companies' accounting data, and reads it. Paths are accepted in any case. Answers leave out members "
        "that are null or empty. Amounts are exact numbers: read them as decimals."
    ),
    "OAS_VERSION": "3.1.1",
    "DEFAULT_GENERATOR_CLASS": "adsplatform.openapi.generator.WireGenerator",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # No names for enumerations: the published API has texts there.
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATION_PARAMETERS": False,
    # A test generates it, and every warning fails that test.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}
