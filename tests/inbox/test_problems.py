"""A sync's problems: grouped, filtered, paged, and quick when there are very many."""

import pytest
from django.utils import timezone

from syncs.models import SyncResultDetail
from tests.factories import SyncEntityResultFactory, SyncResultDetailFactory


@pytest.fixture
def sync(make_sync):
    return make_sync(succeeded=True)


@pytest.fixture
def look(inbox, sync):
    def look(query=""):
        return inbox.get(f"/syncs/{sync.pk}/problems/?{query}")

    return look


@pytest.fixture
def three(sync):
    return [
        SyncResultDetailFactory(sync_request=sync, erp_key="I417", line=417),
        SyncResultDetailFactory(
            sync_request=sync,
            entity="PaymentApplied",
            file="applied.csv",
            code="unknown_reference",
            message="No invoice has key “I9”.",
            erp_key="A1",
        ),
        SyncResultDetailFactory(sync_request=sync, kind="skip", code="superseded", message="Line 9 was used."),
    ]


def test_every_problem_says_where_what_and_why(look, three):
    text = look().text
    for part in ("invoices.csv", "line 417", "I417", "total<wbr>Amount", "twelve", "is not a number", "I1,twelve"):
        assert part in text
    assert "2 problems of lines not loaded, 1 of lines skipped, 0 warnings." in text


def test_nothing_is_said_of_skipped_lines_where_there_are_none(look, sync):
    SyncResultDetailFactory(sync_request=sync, column="a<b")
    text = look().text
    assert "1 problem of lines not loaded, 0 warnings." in text
    assert "<code>a&lt;b</code>" in text


def test_the_catalogue_leads_to_its_chapters(inbox):
    text = inbox.get("/problem-codes/").text
    assert '<a href="#chapter-2">Records and what they refer to</a>' in text
    assert '<h2 id="chapter-2">Records and what they refer to</h2>' in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=skip", [2]),
        ("kind=error", [0, 1]),
        ("entity=PaymentApplied", [1]),
        ("code=bad_number", [0]),
        ("file=applied.csv", [1]),
        ("q=i417", [0]),
        ("q=no+INVOICE", [1]),
        ("kind=error&entity=Invoice", [0]),
        ("kind=error&q=nowhere", []),
    ],
)
def test_problems_are_narrowed(look, three, query, expected):
    assert [problem.detail for problem in look(query).context["page"]] == [three[number] for number in expected]


def test_an_unknown_filter_value_is_said_and_not_an_error(look, three):
    response = look("code=odd&kind=odd&entity=odd&file=odd")
    assert response.status_code == 200
    assert "Select a valid choice." in response.text


def test_reasons_are_counted_the_frequent_first(look, sync, three):
    SyncResultDetailFactory.create_batch(3, sync_request=sync, entity="Payment", code="bad_date")
    reasons = look().context["reasons"]
    assert [(reason.code, reason.count) for reason in reasons] == [
        ("bad_date", 3),
        ("bad_number", 1),
        ("unknown_reference", 1),
        ("superseded", 1),
    ]


def test_problems_are_paged_in_the_order_they_were_found(look, sync):
    details = SyncResultDetailFactory.create_batch(51, sync_request=sync)
    first, second = look("kind=error"), look("kind=error&page=2")
    assert [problem.detail for problem in first.context["page"]] == details[:50]
    assert [problem.detail for problem in second.context["page"]] == details[50:]
    assert "?kind=error&amp;page=2" in first.text
    assert "Next →</span>" in second.text


def test_a_sync_without_problems_says_so(look):
    assert "This sync has no problems." in look().text


def test_problems_of_other_syncs_are_not_mixed_in(look, sync):
    SyncResultDetailFactory(message="Of another sync")
    assert "Of another sync" not in look().text


def test_a_page_of_many_costs_as_much_as_a_page_of_few(look, sync, three, django_assert_num_queries):
    look()
    one = three[0]
    SyncResultDetail.objects.bulk_create(
        SyncResultDetail(
            sync_request=sync,
            group_key=one.group_key,
            entity="Invoice",
            kind="error",
            code="bad_number",
            message="Bad.",
            file="invoices.csv",
            line=number,
        )
        for number in range(2000)
    )
    # Session, person, membership, row-level security on, the sync, its cached overview, one page of problems, their
    # corrections, open notices, what staff have done, row-level security off.
    with django_assert_num_queries(11):
        assert len(look("page=40").context["page"].rows) == 50


def test_long_values_and_lines_are_cut_and_safe(look, sync):
    SyncResultDetailFactory(sync_request=sync, value="<b>" + "v" * 300, raw_line="r" * 5000)
    text = look().text
    assert "&lt;b&gt;" + "v" * 197 + "…" in text
    assert "r" * 4000 + "…" in text
    assert "r" * 4001 not in text


def test_a_sync_whose_lines_were_removed_says_so_and_keeps_its_counts(inbox, sync, look):
    sync.details_removed = timezone.now()
    sync.save()
    SyncEntityResultFactory(sync_request=sync, lines_read=2118, inserted=2115, rejected=3)
    told = f"The lines of this sync were removed on {sync.details_removed:%Y-%m-%d}"
    page = inbox.get(f"/syncs/{sync.pk}/").text
    assert told in page
    assert "2,115 of 2,118 lines loaded, 3 not loaded" in page
    assert "Download the lines" not in page
    problems = look().text
    assert told in problems
    assert "This sync has no problems" not in problems


@pytest.fixture
def cause(sync):
    """A common cause of 500 lines, and a line with a problem of its own."""
    message = "500 of 501 lines have this problem (2, 3, 4, 5, 6 …). Line 2: invoiceDate is written otherwise."
    common = {"sync_request": sync, "file": "invoices.csv", "column": "invoiceDate", "code": "bad_date"}
    cause = SyncResultDetailFactory(**common, line=None, line_count=500, message=message)
    SyncResultDetail.objects.bulk_create(
        SyncResultDetailFactory.build(
            **common, line=line, erp_key=f"I{line}", message=f"“{line}” is no day.", cause=cause
        )
        for line in range(2, 502)
    )
    SyncResultDetailFactory(sync_request=sync, line=502, erp_key="I502", message="Of its own.")
    return cause


def test_a_cause_is_shown_once_and_leads_to_its_lines(look, sync, cause):
    page = look()
    assert "2 problems of lines not loaded" in page.text
    assert "500 of 501 lines have this problem" in page.text
    assert "Of its own." in page.text
    assert "is no day" not in page.text
    assert "See the 500 lines" in page.text
    lines = look(f"cause={cause.pk}")
    assert "500 lines with one cause" in lines.text
    assert "“2” is no day." in lines.text
    assert "I502" not in lines.text
    assert "“52” is no day." in look(f"cause={cause.pk}&page=2").text


def test_a_line_with_a_common_cause_is_found_by_its_key(look, cause):
    assert "“77” is no day." in look("q=I77").text


def test_an_unknown_cause_has_no_lines(look, cause):
    for wanted in ("0", "-1", "x", "99999999999999999999"):
        page = look(f"cause={wanted}")
        assert page.status_code == 200, wanted
        assert "is no day" not in page.text, wanted


def test_the_page_of_a_sync_shows_a_cause_once(inbox, sync, cause):
    text = inbox.get(f"/syncs/{sync.pk}/").text
    assert text.count("invoiceDate is written otherwise.") == 1
    assert "is no day" not in text


def test_a_line_with_several_problems_is_to_be_corrected_once(look, sync):
    for column in ("totalAmount", "invoiceDate", "currencyRate"):
        SyncResultDetailFactory(sync_request=sync, line=7, column=column, raw_line="I7,x,y,z")
    SyncResultDetailFactory(sync_request=sync, line=8, raw_line="I8,x,y,z")
    text = look().text
    assert text.count("Correct this line") == 2
    assert text.count("also line 7") == 2
    assert text.count("I7,x,y,z") == 1
