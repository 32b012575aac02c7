"""The periodic jobs of every cluster, such as starting scheduled syncs and removing expired data."""
