"""The registry of connectors: every class in a module of this package that is decorated with `@register`.

Other packages bring connectors by entry points of the group `adsplatform.connectors`, each of which names such a class.
"""

import logging
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TypeVar

from syncs.connectors.protocol import Connector, ConnectorError

ConnectorClass = TypeVar("ConnectorClass", bound=type[Connector])

GROUP = "adsplatform.connectors"
logger = logging.getLogger(__name__)

# By the connector name of the application.
registry: dict[str, Connector] = {}


def register(connector_class: ConnectorClass) -> ConnectorClass:
    """Register an instance of the class under its application's connector name."""
    connector = connector_class()
    registry[connector.application.connector] = connector
    return connector_class


@cache
def _import_all() -> None:
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
    ours = dict(registry)
    for entry in entry_points(group=GROUP):
        try:
            entry.load()
        except Exception:
            # The other connectors work all the same.
            logger.exception("The connector “%s” of another package could not be loaded.", entry.name)
    for name in ours.keys() & registry.keys():
        if registry[name] is not ours[name]:
            logger.error("Another package has a connector called “%s” too; ours is used.", name)
            registry[name] = ours[name]


def registered() -> list[Connector]:
    """Every connector, by name."""
    _import_all()
    return [registry[name] for name in sorted(registry)]


def connector_named(name: str) -> Connector:
    """The connector of that name; raises ConnectorError with the known names."""
    _import_all()
    try:
        return registry[name]
    except KeyError:
        known = ", ".join(sorted(registry))
        raise ConnectorError(f"No connector is called “{name}”. Known: {known}.", code="unknown_connector") from None
