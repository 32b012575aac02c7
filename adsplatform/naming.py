"""One name in two spellings: camelCase on the wire, snake_case in Python."""

import re


def camel_case(name: str) -> str:
    """`company_erp_key` → `companyErpKey`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def snake_case(name: str) -> str:
    """`companyErpKey` → `company_erp_key`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
