"""What programs may ask of syncs, by the published API."""
