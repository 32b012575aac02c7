"""Accounts, users and keys in the admin: who may do what to whom."""

import pytest
from django.contrib.auth.models import Group, Permission

from adsplatform.accounts.models import Account, ApiKey, Membership, Role, User
from tests.factories import AccountFactory, UserFactory, member

USERS, ACCOUNTS, KEYS = "/admin/accounts/user/", "/admin/accounts/account/", "/admin/accounts/apikey/"
NO_MEMBERS = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}


@pytest.fixture
def helper(client, db):
    """A client of a staff member who may look after users and nothing else."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(user)
    return client


def test_an_account_is_made_with_its_owner(browser):
    owner = UserFactory()
    form = {
        "name": "Northwind Traders",
        "time_zone": "Europe/Lisbon",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-user": owner.pk,
        "memberships-0-role": Role.OWNER,
    }
    assert browser.post(f"{ACCOUNTS}add/", form).status_code == 302
    membership = Membership.objects.get(user=owner)
    assert (membership.group_key.name, membership.role) == ("Northwind Traders", "Group Owner")
    assert membership.group_key.time_zone == "Europe/Lisbon"


def test_an_account_is_found_by_name_or_key_and_never_deleted(browser):
    account = AccountFactory(name="Northwind Traders")
    AccountFactory()
    for asked in ("northw", str(account.pk)):
        assert list(browser.get(ACCOUNTS, {"q": asked}).context["cl"].result_list) == [account]
    assert browser.get(f"{ACCOUNTS}{account.pk}/delete/").status_code == 403
    browser.post(ACCOUNTS, {"action": "delete_selected", "_selected_action": account.pk, "post": "yes"})
    assert Account.objects.filter(pk=account.pk).exists()


def test_an_account_leads_to_what_it_has(browser):
    membership, _ = member()
    page = browser.get(f"{ACCOUNTS}{membership.group_key_id}/change/").text
    for address in (
        "/admin/enrollments/appenrollment/",
        "/admin/syncs/syncrequest/",
        "/admin/syncs/syncresultdetail/",
        KEYS,
    ):
        assert f'href="{address}?account={membership.group_key_id}"' in page


def test_a_user_is_made_with_an_email_and_a_password(browser):
    password = "a horse that is correct"
    form = {"email": "ann@Example.com", "name": "Ann", "password1": password, "password2": password}
    assert browser.post(f"{USERS}add/", form).status_code == 302
    user = User.objects.get(email="ann@example.com")
    assert user.check_password(password)
    assert not user.is_staff


def test_an_email_that_is_taken_is_refused_in_words(browser):
    UserFactory(email="ann@example.com")
    form = {"email": "Ann@example.com", "password1": "a horse 12 ab", "password2": "a horse 12 ab"}
    page = browser.post(f"{USERS}add/", form)
    assert page.context["errors"] == [["There is a user with the e-mail address “Ann@example.com” already."]]


def test_a_weak_password_is_refused(browser):
    page = browser.post(f"{USERS}add/", {"email": "a@example.com", "password1": "123", "password2": "123"})
    assert page.status_code == 200
    assert not User.objects.filter(email="a@example.com").exists()


def test_a_password_is_changed(browser):
    user = UserFactory()
    form = {"password1": "another correct horse", "password2": "another correct horse"}
    assert browser.post(f"{USERS}{user.pk}/password/", form | {"usable_password": "true"}).status_code == 302
    user.refresh_from_db()
    assert user.check_password("another correct horse")


def test_a_user_is_found_by_email_name_or_account(browser):
    membership, _ = member(email="ann@example.com", name="Ann Smith")
    for asked in ({"q": "ann@"}, {"q": "smith"}, {"account": membership.group_key.name}):
        assert list(browser.get(USERS, asked).context["cl"].result_list) == [membership.user]


def test_a_helper_changes_people_but_gives_no_powers(helper):
    person = UserFactory()
    form = {"email": person.email, "name": "Ann", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert helper.post(f"{USERS}{person.pk}/change/", form).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.is_staff, person.is_superuser) == ("Ann", False, False)


def test_a_helper_cannot_take_over_a_superuser(helper):
    root = UserFactory(staff=True)
    assert helper.post(f"{USERS}{root.pk}/change/", {"email": "mine@example.com"}).status_code == 403
    assert helper.get(f"{USERS}{root.pk}/password/").status_code == 403


def test_a_user_is_not_deleted(browser):
    assert browser.get(f"{USERS}{UserFactory().pk}/delete/").status_code == 403


def test_a_key_is_shown_by_its_first_letters_only(browser):
    _, key = member()
    api_key = ApiKey.objects.get()
    for address in (KEYS, f"{KEYS}{api_key.pk}/change/"):
        page = browser.get(address).text
        assert f"{key[:10]}…" in page
        assert key[:11] not in page
        assert api_key.key_hash not in page
    assert browser.get(f"{KEYS}add/").status_code == 403


def test_a_revoked_key_is_refused_at_once(browser, superuser):
    member()
    api_key = ApiKey.objects.get()
    page = browser.post(KEYS, {"action": "revoke", "_selected_action": api_key.pk, "index": 0}, follow=True)
    assert "Keys revoked: 1." in page.text
    assert not ApiKey.objects.usable().exists()
    assert ApiKey.objects.get().revoked_user == superuser
    assert browser.get(KEYS, {"state": "revoked"}).context["cl"].result_count == 1
    assert browser.get(KEYS, {"state": "usable"}).context["cl"].result_count == 0
    assert browser.get(KEYS, {"state": "expired"}).context["cl"].result_count == 0


def test_a_helper_gives_no_powers_by_way_of_a_group(client, db):
    helper = UserFactory(is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    group = Group.objects.create(name="Helpers")
    client.force_login(helper)
    for address in ("", "add/", f"{group.pk}/change/", f"{group.pk}/delete/"):
        assert client.get(f"/admin/auth/group/{address}").status_code == 403
    client.force_login(UserFactory(staff=True))
    assert client.get(f"/admin/auth/group/{group.pk}/change/").status_code == 200
