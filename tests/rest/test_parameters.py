"""Query parameters as each SDK writes them."""

import pytest
from django.http import QueryDict

from adsplatform.errors import PlatformError
from adsplatform.rest.parameters import Parameters


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("", {}),
        # Python: the text None for whatever was left out.
        ("filter=None&include=None&order=None&pageSize=None&pageNumber=None", {}),
        # Ruby: names without values.
        ("filter&include&order&pageSize&pageNumber", {}),
        # Java: empty texts.
        ("filter=&pageSize=10&order=", {"pagesize": "10"}),
        # C#: a trailing ampersand.
        ("pageSize=10&", {"pagesize": "10"}),
        ("filter=statusCode+eq+'In+Progress'", {"filter": "statusCode eq 'In Progress'"}),
        ("filter=statusCode%20eq%20Ready", {"filter": "statusCode eq Ready"}),
        ("PAGESIZE=10&pagenumber=2", {"pagesize": "10", "pagenumber": "2"}),
        # TypeScript: everything in one JSON object.
        ("params=%7B%7D", {}),
        (
            "params=%7B%22filter%22:%22statusCode+eq+'In+Progress'%22,%22pageSize%22:10%7D",
            {"params": "", "filter": "statusCode eq 'In Progress'", "pagesize": "10"},
        ),
        ("params=%7B%22isFullSync%22:true,%22order%22:null%7D", {"isfullsync": "true"}),
        ("params=%7B%22pageSize%22:10%7D&pageSize=20", {"pagesize": "20"}),
    ],
)
def test_an_absent_empty_or_none_parameter_counts_as_not_given(query, given):
    parameters = dict(Parameters(QueryDict(query)))
    parameters.pop("params", None)
    given.pop("params", None)
    assert parameters == given


@pytest.mark.parametrize("text", ["nonsense", "[1]", "1", '"a"', "[" * 100_000])
def test_params_that_are_no_json_object_are_refused(text):
    query = QueryDict(mutable=True)
    query["params"] = text
    with pytest.raises(PlatformError, match="params must be a JSON object of query parameters"):
        Parameters(query)


def test_names_are_found_in_any_case():
    assert Parameters(QueryDict("PageSize=3"))["pageSize"] == "3"
