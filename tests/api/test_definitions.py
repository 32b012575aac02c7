"""Countries, currencies, states, codes and roles."""

import pytest

from tests.callers import anonymous

pytestmark = pytest.mark.django_db


def query(path, **parameters):
    answer = anonymous().get(f"/api/v1/Definitions/{path}", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_country_has_its_codes_names_and_regions():
    (kenya,) = query("countries", filter="alpha3 = 'ken'")["records"]
    assert kenya == {
        "name": "Kenya",
        "alpha2": "KE",
        "alpha3": "KEN",
        "countryCode": 404,
        "region": "Africa",
        "subRegion": "Sub-Saharan Africa",
        "intermediateRegion": "Eastern Africa",
        "regionCode": 2,
        "subRegionCode": 202,
        "intermediateRegionCode": 14,
        "frenchName": "Kenya",
        "aliases": "Republic of Kenya",
    }


def test_only_countries_that_m49_leaves_out_have_no_region():
    found = query("countries", filter="region is null", pageSize="500")
    assert {country["alpha2"] for country in found["records"]} == {"AQ", "TW"}


def test_a_currency_has_its_symbol_and_decimal_places():
    found = query("currencies", filter="alphaCode in ('EUR', 'JPY', 'KWD')", order="minorUnit desc")["records"]
    assert [(each["alphaCode"], each["numericCode"], each["minorUnit"], each["symbol"]) for each in found] == [
        ("KWD", "414", 3, "KWD"),
        ("EUR", "978", 2, "€"),
        ("JPY", "392", 0, "¥"),
    ]


def test_states_are_found_by_a_part_of_their_name():
    found = query("states", filter="name startswith 'new '", order="name desc")
    assert [each["alpha2"] for each in found["records"]] == ["NY", "NSW", "NM", "NJ", "NH", "NB"]


def test_pages_follow_the_conventions_of_all_queries():
    first = query("countries", pageSize="2", pageNumber="1")
    assert (len(first["records"]), first["totalCount"] > 200, first["pageNumber"]) == (2, True, 1)
    refused = anonymous().get("/api/v1/Definitions/countries", {"filter": "nme = 'x'"})
    assert refused.status_code == 400
    assert "Did you mean “name”?" in refused.json()["detail"]


def test_codes_are_those_that_records_are_known_to_have(program):
    answer = program.get("CodeDefinitions/query", "filter=codeType+%3D+%27companyType%27")
    assert {each["code"] for each in answer.json()["records"]} >= {"Customer", "Vendor"}
    (first, *_) = answer.json()["records"]
    assert first["groupKey"] == str(program.account.pk)
    assert program.get(f"CodeDefinitions/{first['codeDefinitionId']}").json() == first


def test_there_are_four_roles(program):
    found = program.get("UserRoles/query").json()["records"]
    assert [each["userRoleName"] for each in found] == ["Group Owner", "Group Admin", "Member", "Read-Only"]
    assert program.get(f"UserRoles/{found[0]['userRoleId']}").json() == found[0]
    assert program.get(f"UserRoles/{program.account.pk}").status_code == 404
