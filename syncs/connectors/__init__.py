"""The registry of connectors: a class of a module of this folder, decorated with `@register`, is one."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from syncs.connectors.protocol import Connector, ConnectorError

_registry: dict[str, Connector] = {}


def register(connector_class):
    """Make an instance of the class known by its application's connector name."""
    connector = connector_class()
    _registry[connector.application.connector] = connector
    return connector_class


@cache
def _load():
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)


def registered() -> list[Connector]:
    """Every connector, by name."""
    _load()
    return [_registry[name] for name in sorted(_registry)]


def connector_named(name: str) -> Connector:
    """The connector of that name; raises ConnectorError with the known names."""
    _load()
    try:
        return _registry[name]
    except KeyError:
        known = ", ".join(sorted(_registry))
        raise ConnectorError(f"No connector is called “{name}”. Known: {known}.", code="unknown_connector") from None
