"""The members of definitions, for queries and for the document of the API."""

from collections.abc import Mapping

from adsplatform.openapi.field_types import OF_FIELDS
from adsplatform.rest.operations import Component
from adsplatform.searchlight import Field, Fields

# The types of members by their names, of each model.
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "CountryModel": {
        "text": "name alpha2 alpha3 region subRegion intermediateRegion frenchName aliases",
        "integer": "countryCode regionCode subRegionCode intermediateRegionCode",
    },
    "CurrencyModel": {"text": "alphaCode numericCode currencyName symbol", "integer": "minorUnit"},
    "StateModel": {"text": "name alpha2 aliases"},
    "CodeDefinitionModel": {
        "uuid": "codeDefinitionId groupKey createdUserId modifiedUserId",
        "text": "codeType code codeDescription",
        "datetime": "created modified",
    },
    "UserRoleModel": {
        "uuid": "userRoleId groupKey createdUserId modifiedUserId",
        "text": "userRoleName",
        "datetime": "created modified",
    },
}


def _types(name: str) -> dict[str, str]:
    return {member: type_ for type_, members in MEMBERS[name].items() for member in members.split()}


def _component(name: str) -> Component:
    properties = {member: OF_FIELDS[type_] for member, type_ in _types(name).items()}
    return Component(name, lambda: {"type": "object", "properties": properties})


def fields_of(component: Component) -> Fields:
    """What a query of such a list may filter and order by: every member."""
    return Fields([Field(member, member, type_) for member, type_ in _types(component.name).items()], key="")


COUNTRY, CURRENCY, STATE = _component("CountryModel"), _component("CurrencyModel"), _component("StateModel")
CODE_DEFINITION, USER_ROLE = _component("CodeDefinitionModel"), _component("UserRoleModel")
