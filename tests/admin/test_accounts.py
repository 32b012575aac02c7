"""Accounts, users and keys in the admin: who may do what to whom."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client

from adsplatform.accounts.models import Account, ApiKey, AuditEntry, Membership, Role, StaffAction, User
from tests.factories import AccountFactory, MembershipFactory, UserFactory, member

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


def test_a_user_is_made_without_a_password(browser):
    assert 'type="password"' not in browser.get(f"{USERS}add/").text
    assert browser.post(f"{USERS}add/", {"email": "ann@Example.com", "name": "Ann"}).status_code == 302
    user = User.objects.get(email="ann@example.com")
    assert (user.has_usable_password(), user.is_staff) == (False, False)


def test_an_email_that_is_taken_is_refused_in_words(browser):
    UserFactory(email="ann@example.com")
    page = browser.post(f"{USERS}add/", {"email": "Ann@example.com"})
    assert page.context["errors"] == [["There is a user with the e-mail address “Ann@example.com” already."]]


def test_staff_cannot_set_a_password(helper):
    membership, _ = member()
    form = {"password1": "another correct horse", "password2": "another correct horse", "usable_password": "true"}
    # Django's page is gone; its address leads to the page of the user, or nowhere.
    assert helper.post(f"{USERS}{membership.user_id}/password/", form).status_code in (302, 404)
    change = {"email": membership.user.email, "is_active": "on", "password": "another correct horse"}
    helper.post(f"{USERS}{membership.user_id}/change/", change)
    membership.user.refresh_from_db()
    assert membership.user.check_password("correct horse battery")


def send_link(client, *users):
    action = {"action": "send_password_link", "_selected_action": [user.pk for user in users], "index": 0}
    return client.post(USERS, action, follow=True).text


def test_a_link_to_set_a_password_goes_to_the_person_and_works_once(helper, settings, mailoutbox):
    settings.EMAIL_URL, settings.PUBLIC_URL = "smtp://mail.example.com", "https://ads.example.com"
    membership, _ = member(email="ann@example.com")
    page = send_link(helper, membership.user)
    assert "A link to set a password was sent to ann@example.com." in page
    (mail,) = mailoutbox
    assert mail.to == ["ann@example.com"]
    (path,) = re.findall(r"https://ads\.example\.com(/set-password/\S+)", mail.body)
    assert path not in page
    # The owners know, in the Inbox and in the audit trail.
    entry = AuditEntry.objects.of(membership.group_key_id).newest_first().first()
    assert (entry.subject, entry.subject_name) == ("action of staff", "password link")
    assert entry.after == {"kind": "password link", "person_id": str(membership.user_id)}
    assert StaffAction.objects.get().message == "A link to set a new password was sent to ann@example.com."
    person = Client()
    form = person.get(path, follow=True)
    weak = {"new_password1": "123", "new_password2": "123"}
    assert "This password is too short." in person.post(form.redirect_chain[-1][0], weak).text
    chosen = {"new_password1": "staple-9-lake-Oslo", "new_password2": "staple-9-lake-Oslo", "revokes_keys": "on"}
    done = person.post(form.redirect_chain[-1][0], chosen, follow=True)
    assert "Your password is set. Sign in with it. API keys of yours that were revoked: 1." in done.text
    membership.user.refresh_from_db()
    assert membership.user.check_password("staple-9-lake-Oslo")
    assert "This link does not work any more" in Client().get(path, follow=True).text
    # Other links of the person, and those of others, are not made by this one.
    send_link(helper, membership.user)
    later = re.findall(r"/set-password/\S+", mailoutbox[-1].body)[0]
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "This link does not work any more" in Client().get(later, follow=True).text


def test_a_link_is_not_made_for_staff_to_see(helper, settings, mailoutbox):
    membership, _ = member(email="ann@example.com")
    page = send_link(helper, membership.user)
    assert "No mail server is set up here (EMAIL_URL)." in page
    settings.EMAIL_URL = "smtp://mail.example.com"
    root, off = UserFactory(staff=True, email="root@example.com"), UserFactory(is_active=False)
    page = send_link(helper, root, off)
    assert "You may not change root@example.com." in page
    assert f"{off.email} is switched off." in page
    assert (mailoutbox, StaffAction.objects.count()) == ([], 0)


def test_the_server_makes_a_link_without_a_mail_server(db, capsys, client):
    membership, _ = member(email="ann@example.com")
    call_command("password_link", "Ann@example.com")
    assert "Set the password" in client.get(capsys.readouterr().out.strip(), follow=True).text
    assert StaffAction.objects.of(membership.group_key).get().message.endswith("on the server.")
    with pytest.raises(CommandError, match="There is no active person"):
        call_command("password_link", "nobody@example.com")


def test_staff_give_themselves_no_membership(browser, superuser):
    membership, _ = member(Role.MEMBER)
    own = MembershipFactory(user=superuser, role=Role.READ_ONLY)
    address = f"{ACCOUNTS}{membership.group_key_id}/change/"
    rows = {"name": "Northwind", "time_zone": "UTC", "memberships-INITIAL_FORMS": 1, "memberships-TOTAL_FORMS": 2}
    rows |= {f"memberships-0-{name}": value for name, value in row_of(membership).items()}
    mine = {"memberships-1-user": superuser.pk, "memberships-1-role": Role.OWNER}
    assert "You cannot give yourself a membership or change your own." in browser.post(address, rows | mine).text
    taken_over = rows | {"memberships-0-user": superuser.pk, "memberships-TOTAL_FORMS": 1}
    assert "You cannot give yourself a membership" in browser.post(address, taken_over).text
    higher = {f"memberships-0-{name}": value for name, value in row_of(own, role=Role.OWNER).items()}
    one = {"memberships-TOTAL_FORMS": 1}
    refused = browser.post(f"{ACCOUNTS}{own.group_key_id}/change/", rows | one | higher)
    assert "or change your own" in refused.text
    assert set(Membership.objects.values_list("user", "role")) == {
        (membership.user_id, Role.MEMBER),
        (superuser.pk, Role.READ_ONLY),
    }
    # Others may be added, and the account knows.
    other = UserFactory(email="bob@example.com")
    added = {"memberships-1-user": other.pk, "memberships-1-role": Role.ADMIN, "memberships-0-role": Role.OWNER}
    assert browser.post(address, rows | added).status_code == 302
    assert {action.message for action in StaffAction.objects.of(membership.group_key)} == {
        f"{membership.user.email} was changed to Group Owner.",
        "bob@example.com was added as Group Admin.",
    }


def row_of(membership, **changes):
    """The fields of a membership in the form of its account."""
    values = {"id": membership.pk, "group_key": membership.group_key_id, "user": membership.user_id}
    return values | {"role": membership.role, "wants_notices": "on"} | changes


def test_owners_know_of_a_new_address_and_say_that_they_have_seen_it(helper, client):
    membership, _ = member(email="ann@example.com")
    reader, _ = member(Role.READ_ONLY, membership.group_key)
    stranger, _ = member()
    form = {"email": "mallory@example.com", "name": "Ann"}
    assert helper.post(f"{USERS}{membership.user_id}/change/", form).status_code == 302
    messages = [action.message for action in StaffAction.objects.of(membership.group_key)]
    assert sorted(messages) == [
        "The e-mail address of ann@example.com was changed to mallory@example.com.",
        "mallory@example.com was switched off.",
    ]
    owner, _ = member(Role.OWNER, membership.group_key)
    action = StaffAction.objects.get(message=messages[0])
    seen = f"/notices/staff/{action.pk}/seen/"
    for other, status in ((reader, 403), (stranger, 404)):
        client.force_login(other.user)
        assert client.post(seen).status_code == status
        assert "mallory" not in client.get("/notices/").text
    client.force_login(owner.user)
    assert '<span class="count">2<' in client.get("/").text
    assert messages[0] in client.get("/notices/").text
    client.post(seen)
    assert f"Seen by {owner.user}" in client.get("/notices/").text
    assert '<span class="count">1<' in client.get("/").text


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
