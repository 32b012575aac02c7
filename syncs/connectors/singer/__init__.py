"""The connector for Singer taps: programs of others that read one of hundreds of sources (hub.meltano.com/singer)."""

from syncs.connectors.singer.connector import Singer

__all__ = ["Singer"]
