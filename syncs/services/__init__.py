"""The services of syncs, which every interface calls."""
