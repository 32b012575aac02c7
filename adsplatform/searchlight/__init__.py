"""The query language of `filter`, `order`, `include` and paging: turns a caller's text into Django's Q.

Imports none of our apps: each endpoint declares the `Fields` that its queries may name. Reading order:
words, fields, values → grammar (makes clauses) → conditions, ordering, paging → queries.
"""

from adsplatform.searchlight.errors import Kind, SearchlightError
from adsplatform.searchlight.fields import Field, Fields
from adsplatform.searchlight.paging import Page
from adsplatform.searchlight.queries import Searchlight

__all__ = ["Field", "Fields", "Kind", "Page", "Searchlight", "SearchlightError"]
