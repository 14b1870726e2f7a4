"""People, tiers and keys in the admin."""

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import second_factor
from accounts.callers import BOOK
from accounts.models import ApiKey, AuditEntry, Tier, Usage, User
from accounts.proofs import caller_of_person
from accounts.selectors import live_key
from accounts.services import issue_tokens
from accounts.tests.people import PASSWORD, given_key, given_person, shown

pytestmark = pytest.mark.django_db
KEYS = "/admin/accounts/apikey/"
WISH = {"name": "hers", "scopes": ["read"], "addresses": "", "origins": "", "tier": "free"}


@pytest.fixture
def operator(db) -> User:
    return User.objects.create_superuser("olga", tier_id="admin")


@pytest.fixture
def admin_page(client, operator):
    client.force_login(operator)
    return client


@pytest.fixture
def assistant(client, db):
    """Somebody of the staff who may change people and keys, and is no superuser."""
    person = given_person("irma", is_staff=True)
    names = ("view_user", "change_user", "delete_user", "add_apikey", "change_apikey")
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    return client


def issue(client, owner, **wish):
    date = {"expires_at_0": "", "expires_at_1": ""}
    return client.post(f"{KEYS}add/", {"owner": owner.pk, **WISH, **date, **wish})


def change(client, key, **columns):
    date = {"expires_at_0": "", "expires_at_1": ""}
    own = dict.fromkeys(("per_minute", "per_day", "symbols", "days", "sockets"), "")
    return client.post(f"{KEYS}{key.pk}/change/", {**WISH, **date, **own, **columns})


def actions():
    """What happened after somebody had signed in."""
    entries = AuditEntry.objects.exclude(action="logged in").order_by("id")
    return [(entry.actor_name, entry.action) for entry in entries]


# -- People ----------------------------------------------------------------------------


def test_an_operator_sees_who_still_has_a_one_time_password(admin_page, newcomer):
    page = admin_page.get("/admin/accounts/user/?must_change_password__exact=1").content.decode()
    assert "nina" in page
    assert "olga</a></th>" not in page


def test_an_operator_can_ask_for_a_new_password(admin_page, alice):
    page = admin_page.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert 'name="must_change_password"' in page


def test_only_a_superuser_makes_superusers(assistant):
    ann = given_person()
    address = f"/admin/accounts/user/{ann.pk}/change/"
    fields = {
        "username": "ann", "tier": "pro", "is_active": "on", "is_staff": "on",
        "is_superuser": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
    }  # fmt: skip
    assert assistant.post(address, fields).status_code == 302
    ann.refresh_from_db()
    assert ann.tier_id == "pro"
    assert not ann.is_staff
    assert not ann.is_superuser


@pytest.mark.parametrize("page", ["change", "password", "delete"])
def test_only_a_superuser_may_touch_another_operator(assistant, operator, page):
    address = f"/admin/accounts/user/{operator.pk}/{page}/"
    assert assistant.post(address, {"password1": PASSWORD, "post": "yes"}).status_code == 403
    operator.refresh_from_db()
    assert not operator.has_usable_password()


def test_a_password_that_an_operator_sets_ends_tokens(admin_page):
    ann = given_person()
    held = {"Authorization": f"Bearer {issue_tokens(caller_of_person(ann)).access}"}
    assert Client().get("/api/protected-data", headers=held).status_code == 200
    fields = {"password1": "another-phrase-7", "password2": "another-phrase-7"}
    assert admin_page.post(f"/admin/accounts/user/{ann.pk}/password/", fields).status_code == 302
    # As it is in another process, or here a moment later.
    BOOK.forget()
    assert Client().get("/api/protected-data", headers=held).status_code == 401


def test_a_person_is_deleted_with_keys_and_usage_and_the_audit_stays(admin_page):
    ann = given_person()
    key = given_key(ann)
    Usage.objects.create(day="2026-01-01", user=ann, key=key.key, endpoint="x", calls=1)
    address = f"/admin/accounts/user/{ann.pk}/delete/"
    assert admin_page.post(address, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=ann.pk).exists()
    assert actions() == [("ann", "key issued"), ("olga", "admin deleted")]
    assert admin_page.get("/api/protected-data", headers=shown(key)).status_code == 401


def test_an_operator_removes_a_lost_second_factor(admin_page):
    ann = given_person()
    TOTPDevice.objects.create(user=ann, confirmed=True)
    chosen = {"action": "remove_second_factor", "_selected_action": [ann.pk]}
    assert admin_page.post("/admin/accounts/user/", chosen).status_code == 302
    assert not second_factor.is_on(ann)
    assert actions() == [("olga", "second factor off")]


def test_only_a_superuser_removes_an_operators_second_factor(assistant, operator):
    TOTPDevice.objects.create(user=operator, confirmed=True)
    chosen = {"action": "remove_second_factor", "_selected_action": [operator.pk]}
    page = assistant.post("/admin/accounts/user/", chosen, follow=True)
    assert "superusers alone" in page.content.decode()
    assert second_factor.is_on(operator)


def test_the_secret_of_a_second_factor_is_shown_to_nobody(admin_page):
    device = TOTPDevice.objects.create(user=given_person(), confirmed=True)
    page = admin_page.get(f"/admin/otp_totp/totpdevice/{device.pk}/change/").content.decode()
    assert device.key not in page


# -- Who is locked out -----------------------------------------------------------------


def test_an_operator_lets_somebody_in_again(admin_page):
    given_person()
    wrong, right = ({"username": "ann", "password": word} for word in ("wrong", PASSWORD))
    door = Client()
    for _ in range(10):
        door.post("/login", wrong)
    assert door.post("/login", right).status_code == 429
    page = admin_page.get("/admin/axes/accessattempt/").content.decode()
    assert "ann" in page
    attempts = list(AccessAttempt.objects.values_list("pk", flat=True))
    chosen = {"action": "unlock", "_selected_action": attempts}
    assert admin_page.post("/admin/axes/accessattempt/", chosen).status_code == 302
    assert door.post("/login", right).status_code == 302
    assert ("olga", "unlocked") in actions()


# -- Tiers -----------------------------------------------------------------------------


def test_a_changed_tier_takes_effect_at_once(admin_page, django_capture_on_commit_callbacks):
    key = given_key()
    caller = Client()
    answer = caller.get("/api/providers", headers=shown(key))
    assert answer["X-RateLimit-Limit"] == "30"
    fields = {"name": "Free", "per_minute": "77", "scopes": ["read"], "position": "1"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_page.post("/admin/accounts/tier/free/change/", fields)
    assert answer.status_code == 302
    assert caller.get("/api/providers", headers=shown(key))["X-RateLimit-Limit"] == "77"
    assert actions()[-1] == ("olga", "admin changed")


def test_a_persons_keys_go_along_to_another_tier(admin_page, django_capture_on_commit_callbacks):
    ann = given_person(tier="pro")
    own, given = given_key(ann, scopes=["read", "export"]), given_key(ann, tier="pro")
    ApiKey.objects.filter(pk=given.key.pk).update(tier="enterprise")
    assert Client().get("/api/providers", headers=shown(own))["X-RateLimit-Limit"] == "300"
    form = admin_page.get(f"/admin/accounts/user/{ann.pk}/change/").context["adminform"].form
    fields = {
        name: value
        for name, value in form.initial.items()
        if value not in (None, False) and name not in ("password", "date_joined", "last_login")
    }
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_page.post(
            f"/admin/accounts/user/{ann.pk}/change/", {**fields, **joined, "tier": "free"}
        )
    assert answer.status_code == 302
    assert Client().get("/api/providers", headers=shown(own))["X-RateLimit-Limit"] == "30"
    # What a free key is not good for, this one is not any more.
    refused = Client().get("/api/historical-data?symbol=BTC", headers=shown(own))
    assert refused.status_code == 403
    assert live_key(given.text).tier_id == "enterprise"
    assert ("olga", "tier changed") in actions()


def test_the_tiers_of_the_code_cannot_be_deleted(admin_page):
    assert admin_page.post("/admin/accounts/tier/pro/delete/", {"post": "yes"}).status_code == 403
    assert Tier.objects.filter(slug="pro").exists()


# -- Keys ------------------------------------------------------------------------------


def test_a_key_for_somebody_else_is_shown_once_and_works(admin_page):
    ann = given_person()
    answer = issue(admin_page, ann, tier="pro", addresses="127.0.0.1\n10.0.0.0/8\n")
    text = answer.content.decode().split('<code id="key">')[1].split("</code>")[0]
    key = live_key(text)
    assert (key.owner, key.tier_id, key.addresses) == (ann, "pro", ["127.0.0.1/32", "10.0.0.0/8"])
    assert "no-store" in answer["Cache-Control"]
    assert Client().get("/api/protected-data", headers={"X-API-Key": text}).status_code == 200
    for page in (KEYS, f"{KEYS}{key.pk}/change/"):
        seen = admin_page.get(page).content.decode()
        assert text not in seen
        assert key.digest not in seen
    assert actions() == [("olga", "key issued")]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"scopes": ["admin"]}, "scopes of a Free key"),
        ({"tier": "admin", "scopes": ["admin"]}, "Only an operator"),
        ({"tier": "anonymous"}, "valid choice"),
        ({"addresses": "everywhere"}, "not an address"),
        ({"origins": "https://a.example/path"}, "not an origin"),
        ({"name": " "}, "required"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "expired before"),
    ],
)
def test_a_wish_that_cannot_be_had_is_told_on_the_form(admin_page, wish, told):
    answer = issue(admin_page, given_person(), **wish)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_limits_of_its_own_take_effect_at_once(admin_page, django_capture_on_commit_callbacks):
    key = given_key()
    Client().get("/api/providers", headers=shown(key))
    with django_capture_on_commit_callbacks(execute=True):
        answer = change(admin_page, key.key, tier="pro", per_minute="7")
    assert answer.status_code == 302
    answer = Client().get("/api/providers", headers=shown(key))
    assert answer["X-RateLimit-Limit"] == "7"
    assert actions()[-1] == ("olga", "admin changed")


def test_an_operator_revokes_keys_and_nobody_deletes_them(admin_page):
    key = given_key()
    chosen = {"action": "revoke", "_selected_action": [key.key.pk]}
    assert admin_page.post(KEYS, chosen).status_code == 302
    assert Client().get("/api/protected-data", headers=shown(key)).status_code == 401
    assert actions()[-1] == ("olga", "key revoked")
    assert admin_page.post(f"{KEYS}{key.key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert change(admin_page, key.key, name="again").status_code == 403
    assert "delete_selected" not in admin_page.get(KEYS).content.decode()


@pytest.mark.parametrize(
    ("state", "expected"), [("live", {"good"}), ("revoked", {"ended"}), ("expired", {"old"})]
)
def test_keys_are_found_by_their_state(admin_page, state, expected):
    ann = given_person()
    names = {name: given_key(ann, name=name).key for name in ("good", "ended", "old")}
    ApiKey.objects.filter(pk=names["ended"].pk).update(revoked_at="2026-01-01T00:00:00Z")
    ApiKey.objects.filter(pk=names["old"].pk).update(expires_at="2026-01-01T00:00:00Z")
    page = admin_page.get(f"{KEYS}?state={state}").content.decode()
    assert {name for name in names if f">{name}</a>" in page} == expected
