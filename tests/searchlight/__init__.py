"""The query language, part by part."""
