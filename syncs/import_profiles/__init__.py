"""How companies write their files: found out, confirmed by a person, kept as a profile, and obeyed.

`documents.parse` reads a profile, `document_writer.to_json` writes it, `profile` has its parts.
"""
