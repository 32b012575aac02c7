"""What may be asked of syncs, whoever asks."""
