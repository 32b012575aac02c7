"""What people and programs may ask of syncs; every interface makes these calls."""
