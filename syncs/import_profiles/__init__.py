"""How companies write their files: found out, confirmed by a person, kept as a profile, and obeyed."""
