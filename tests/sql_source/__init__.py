"""Tests of a SQL database as a source, against real servers."""
