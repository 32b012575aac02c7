"""What a filter finds in PostgreSQL."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db.models import Q

from adsplatform.searchlight import Field, Fields, Searchlight
from adsplatform.searchlight.grammar import MOST_CONDITIONS, MOST_VALUES
from tests.factories import AccountFactory, SyncRequestFactory, UserFactory
from tests.searchlight.samples import NOW, SYNCS, all_syncs

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def sync(account):
    """Makes a sync, known by its `connector`."""

    def make(name, **values):
        return SyncRequestFactory(app_enrollment=None, group_key=account, connector=name, **values)

    return make


@pytest.fixture
def found():
    """The names of the syncs that a filter finds, in alphabetical order."""

    def find(text):
        syncs = all_syncs().filter(SYNCS.filter(text, now=NOW))
        return sorted(syncs.values_list("connector", flat=True))

    return find


@pytest.fixture
def texts(sync):
    sync("lower", process_result_message="all loaded")
    sync("upper", process_result_message="ALL LOADED")
    sync("umlaut", process_result_message="Ärger")
    sync("signs", process_result_message='100%_\\ O\'Brien "x"')
    sync("blank", process_result_message="")


@pytest.fixture
def people(sync):
    """Two syncs with a person's name, and one whose name is null, because nobody changed it."""
    sync("anna", modified_user=UserFactory(name="Anna"))
    sync("bert", modified_user=UserFactory(name="Bert"))
    sync("nobody")


@pytest.fixture
def counts(sync):
    for number in (1, 2, 3):
        sync(str(number), failure_count=number, run_full_sync=number > 1, operation_type=number % 2)


@pytest.fixture
def times(sync):
    sync("past", started=datetime(2024, 5, 14, 23, 59, 59, tzinfo=UTC))
    sync("midnight", started=datetime(2024, 5, 15, tzinfo=UTC))
    sync("now", started=NOW)
    sync("never")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["blank", "lower", "signs", "umlaut", "upper"]),
        ("message = 'All Loaded'", ["lower", "upper"]),
        ("message != 'All Loaded'", ["blank", "signs", "umlaut"]),
        ("message in ('aLL loaded', 'ärger')", ["lower", "umlaut", "upper"]),
        ("message not in ('aLL loaded', 'ärger')", ["blank", "signs"]),
        ("message between 'all' and 'aLM'", ["lower", "upper"]),
        ("message not between '1' and 'ALM'", ["blank", "umlaut"]),
        ("message > 'all'", ["lower", "umlaut", "upper"]),
        ("message >= 'all loaded'", ["lower", "umlaut", "upper"]),
        ("message < 'all loaded'", ["blank", "signs"]),
        ("message <= 'All Loaded'", ["blank", "lower", "signs", "upper"]),
        ("message contains 'L L'", ["lower", "upper"]),
        ("message not contains 'L L'", ["blank", "signs", "umlaut"]),
        ("message startswith 'ALL'", ["lower", "upper"]),
        ("message endswith 'rGER'", ["umlaut"]),
    ],
)
def test_text_is_compared_without_regard_to_case(texts, found, text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("message contains '%'", ["signs"]),
        ("message contains '_'", ["signs"]),
        ("message contains '\\'", ["signs"]),
        ("message startswith '100%_\\'", ["signs"]),
        ("message startswith '1%'", []),
        ("message contains 'O''Brien'", ["signs"]),
        ("message endswith '\"x\"'", ["signs"]),
        ("message = '100__'", []),
        ("message contains '%s'", []),
    ],
)
def test_no_character_of_a_text_is_a_wildcard(texts, found, text, names):
    assert found(text) == names


def test_the_empty_text_is_a_value_and_part_of_every_text(texts, found):
    assert found("message = ''") == ["blank"]
    assert found("message != ''") == ["lower", "signs", "umlaut", "upper"]
    assert found("message contains ''") == ["blank", "lower", "signs", "umlaut", "upper"]
    assert found("message not contains ''") == []
    assert found("message in ('')") == ["blank"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("userName is null", ["nobody"]),
        ("userName is not null", ["anna", "bert"]),
        ("userName not is null", ["anna", "bert"]),
        ("userName = 'anna'", ["anna"]),
        ("userName != 'anna'", ["bert"]),
        ("userName not = 'anna'", ["bert"]),
        ("userName not != 'anna'", ["anna"]),
        ("userName in ('anna', 'x')", ["anna"]),
        ("userName not in ('anna', 'x')", ["bert"]),
        ("userName contains ''", ["anna", "bert"]),
        ("userName not contains 'n'", ["bert"]),
        ("userName not startswith 'a'", ["bert"]),
        ("userName not endswith 'a'", ["bert"]),
        ("userName between 'a' and 'b'", ["anna"]),
        ("userName not between 'a' and 'b'", ["bert"]),
        ("userName > 'anna'", ["bert"]),
        ("userName not > 'anna'", ["anna"]),
        ("userName not < 'bert'", ["bert"]),
        ("userName = 'null'", []),
        ("userName = ''", []),
        ("userName is null or userName = 'bert'", ["bert", "nobody"]),
        ("(userName != 'anna' or userName = 'anna')", ["anna", "bert"]),
    ],
)
def test_only_is_null_finds_nulls(people, found, text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("failureCount = 2", ["2"]),
        ("failureCount != 2", ["1", "3"]),
        ("failureCount > 2", ["3"]),
        ("failureCount >= 2", ["2", "3"]),
        ("failureCount < 2", ["1"]),
        ("failureCount <= 2", ["1", "2"]),
        ("failureCount not <= 2", ["3"]),
        ("failureCount between 2 and 3", ["2", "3"]),
        ("failureCount between 3 and 2", []),
        ("failureCount not between 2 and 3", ["1"]),
        ("failureCount in (1, 3, 3)", ["1", "3"]),
        ("failureCount not in (1, 3)", ["2"]),
        ("amount = 2.00", ["2"]),
        ("amount > '1.99' and amount < 3", ["2"]),
        ("amount in (1, 2.5)", ["1"]),
        ("ratio >= 2e0", ["2", "3"]),
        ("ratio < Infinity", ["1", "2", "3"]),
        ("ratio = NaN", []),
        ("runFullSync = TRUE", ["2", "3"]),
        ("runFullSync != true", ["1"]),
        ("runFullSync > false", ["2", "3"]),
        ("operationType = Write", ["1", "3"]),
        ("operationType != 1", ["2"]),
        ("operationType in (read, WRITE)", ["1", "2", "3"]),
        ("statusCode = ready and statusCode != InProgress", ["1", "2", "3"]),
        ("failureCount = 1 or (failureCount > 1 and runFullSync = true and amount != 3)", ["1", "2"]),
    ],
)
def test_numbers_booleans_and_lists_match_by_value(counts, found, text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "failureCount = 9223372036854775807",
        "failureCount in (9223372036854775807, -9223372036854775808)",
        "failureCount between 2147483648 and 9223372036854775807",
        f"amount = {'9' * 38}",
        f"amount < -{'9' * 38}",
        f"amount between 0.{'0' * 36}1 and 0.{'0' * 36}2",
        "ratio > 1.7e308",
        "ratio = 1e-320",
    ],
)
def test_numbers_that_no_column_can_hold_find_nothing(counts, found, text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("started = 2024-05-15", ["midnight"]),
        ("started >= 2024-05-15", ["midnight", "now"]),
        ("started = '2024-05-15 16:30'", ["now"]),
        ("started = 2024-05-15T18:30:00+02:00", ["now"]),
        ("started < TODAY", ["past"]),
        ("started = NOW", ["now"]),
        ("started between YESTERDAY and TODAY", ["midnight", "past"]),
        ("started > TOMORROW - 1", ["now"]),
        ("started in (TODAY, NOW + 0)", ["midnight", "now"]),
        ("started != NOW", ["midnight", "past"]),
        ("started is null", ["never"]),
        ("started > 0001-01-01 and started < 9999-12-31T23:59:59.999999", ["midnight", "now", "past"]),
        ("day = TODAY", ["midnight", "now"]),
        ("day = NOW", ["midnight", "now"]),
        ("day = 2024-05-15T23:00:00Z", ["midnight", "now"]),
        ("day < 2024-05-15", ["past"]),
        ("day != TODAY", ["past"]),
        ("day between 0001-01-01 and 9999-12-31", ["midnight", "now", "past"]),
        ("day is null", ["never"]),
    ],
)
def test_points_in_time_and_dates_match_by_value(times, found, text, names):
    assert found(text) == names


def test_the_largest_filters_run(counts, found):
    deepest = "failureCount = 1 and (failureCount < 3 or (" * 25 + "failureCount = 2" + "))" * 25
    longest = "userName is null or " * (MOST_CONDITIONS - 1) + "failureCount=1"
    most = f"failureCount in ({','.join(['1'] * MOST_VALUES)})"
    assert found(deepest) == ["1"]
    assert found(longest) == ["1", "2", "3"]
    assert found(most) == ["1"]


def test_identifiers_match_in_every_spelling(sync, found):
    first = sync("first", sync_request_id=UUID(int=1))
    sync("second", sync_request_id=UUID(int=2))
    assert found(f"syncRequestId = {first.pk}") == ["first"]
    assert found(f"id in ('{{{first.pk}}}', {UUID(int=2).hex})") == ["first", "second"]
    assert found(f"id > {first.pk}") == ["second"]
    assert found(f"id between {first.pk} and {first.pk}") == ["first"]
    assert found(f"id not between {first.pk} and {first.pk}") == ["second"]


def test_a_foreign_key_is_compared_like_any_identifier(sync, found):
    sync("alone")
    some = UUID(int=5)
    assert found("appEnrollmentId is null") == ["alone"]
    assert found(f"appEnrollmentId = {some} or appEnrollmentId between {some} and {some}") == []
    assert found(f"appEnrollmentId not in ({some}) or appEnrollmentId != {some}") == []


def test_date_words_are_counted_when_the_filter_is_read(sync):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    sync("recent", started=yesterday)
    assert all_syncs().filter(SYNCS.filter("started > NOW - 2 and started < NOW")).count() == 1
    assert all_syncs().filter(SYNCS.filter("started > NOW")).count() == 0


def test_a_condition_combines_with_any_other(texts, found):
    wanted = SYNCS.filter("message contains 'loaded' or message = ''") & Q(connector="upper")
    assert [sync.connector for sync in all_syncs().filter(wanted)] == ["upper"]


def test_everything_but_text_is_compared_by_its_index():
    some = UUID(int=5)
    conditions = SYNCS.filter(f"id = {some} and failureCount in (1) and statusCode = Ready")
    assert conditions == Q(Q(sync_request_id__exact=some), Q(failure_count__in=(1,)), Q(status_code__exact="Ready"))


def test_text_equality_is_the_form_that_an_index_on_upper_case_serves():
    assert SYNCS.filter("message = 'x'") == Q(process_result_message__iexact="x")


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_filter_is_an_empty_condition(blank):
    assert SYNCS.filter(blank) == Q()


def test_a_path_may_lead_through_relations(account):
    person = UserFactory(name="Carla")
    SyncRequestFactory(app_enrollment=None, group_key=account, modified_user=person)
    query = Searchlight(
        Fields(
            [Field("account", "group_key__name", "text"), Field("by", "modified_user__name", "text")],
            key="pk",
        )
    )
    wanted = query.filter(f"account = '{account.name.upper()}' and by not in ('dora')")
    assert all_syncs().filter(wanted).order_by(*query.order("by desc, account")).count() == 1
