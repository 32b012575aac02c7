"""The query language of `filter`, `order`, `include` and paging: a caller's text becomes Django's Q.

Knows Django, and none of our apps: whoever opens a query declares its `Fields`. Reading order:
words, fields, values → grammar (makes clauses) → conditions, ordering, paging → queries.
"""

from adsplatform.searchlight.errors import Kind, SearchlightError
from adsplatform.searchlight.fields import Field, Fields
from adsplatform.searchlight.paging import Page
from adsplatform.searchlight.queries import Searchlight

__all__ = ["Field", "Fields", "Kind", "Page", "Searchlight", "SearchlightError"]
