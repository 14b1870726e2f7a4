"""The keys page: issue, see once, rotate, revoke; and nobody else's keys."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiKey
from accounts.tests.people import given_key, given_person, shown

pytestmark = pytest.mark.django_db
KEY = re.compile(r"cdt_\w{10}_\w{38}")
WISH = {"name": "a bot", "scopes": ["read"], "days": "90", "addresses": "", "origins": ""}


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def once(page):
    text = page.get("/account/keys").content.decode()
    return re.findall(r'name="once" value="([\w-]+)"', text)[0]


def issue(page, **wish):
    return page.post("/account/keys", {**WISH, "once": once(page), **wish})


def text_in(response):
    return KEY.findall(response.content.decode())[0]


def call(client, text):
    return client.get("/api/protected-data", headers={"X-API-Key": text}).status_code


def test_an_empty_page_explains_what_a_key_is(page):
    assert "No key yet" in page.get("/account/keys").content.decode()


def test_a_key_is_shown_once_and_works(page):
    response = issue(page)
    text = text_in(response)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert f"X-API-Key: {text}" in response.content.decode().replace("&quot;", '"')
    assert call(page, text) == 200
    listed = page.get("/account/keys").content.decode()
    assert text[:14] in listed
    assert text not in listed


def test_a_key_is_what_was_wished_for(page, alice):
    before = timezone.now()
    issue(
        page,
        scopes=["read", "analyze"],
        days="30",
        addresses="203.0.113.7\n2001:db8::/32",
        origins="https://example.com",
    )
    key = ApiKey.objects.get()
    assert (key.owner, key.tier_id, key.scopes) == (alice, "free", ["analyze", "read"])
    assert key.addresses == ["203.0.113.7/32", "2001:db8::/32"]
    assert key.origins == ["https://example.com"]
    assert key.expires_at is not None
    assert timedelta(days=30) <= key.expires_at - before < timedelta(days=30, minutes=1)


def test_a_key_need_not_expire(page):
    issue(page, days="")
    assert ApiKey.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"name": " "}, "required"),
        ({"name": "x" * 61}, "at most 60"),
        ({"scopes": ["admin"]}, "not one of the available"),
        ({"scopes": ["export"]}, "not one of the available"),
        ({"scopes": []}, "required"),
        ({"days": "9999999"}, "not one of the available"),
        ({"addresses": "here"}, "not an address"),
        ({"addresses": "1.1.1.1 " * 51}, "At most 50"),
        ({"origins": "https://example.com/path"}, "not an origin"),
        ({"once": ""}, ""),
        ({"once": "a b c d e f g"}, ""),
    ],
)
def test_a_wish_that_cannot_be_had_is_refused_with_the_reason(page, wish, reason):
    response = issue(page, **wish)
    assert reason in response.content.decode()
    assert not ApiKey.objects.exists()


def test_nobody_gets_another_tier_or_owner_by_asking(page, alice):
    other = given_person("other", tier="pro")
    issue(page, tier="enterprise", owner=str(other.pk), per_minute="999999")
    key = ApiKey.objects.get()
    assert (key.owner, key.tier_id, key.per_minute) == (alice, "free", None)


def test_a_form_that_is_sent_twice_issues_one_key(page):
    mark = once(page)
    issue(page, once=mark)
    again = issue(page, once=mark)
    assert again.headers["Location"] == "/account/keys"
    assert ApiKey.objects.count() == 1


def test_a_refused_wish_can_be_corrected_in_the_same_form(page, alice):
    keys = [given_key(alice) for _ in range(20)]
    mark = once(page)
    assert "You have 20 keys" in issue(page, once=mark).content.decode()
    ApiKey.objects.filter(pk=keys[0].key.pk).delete()
    assert KEY.search(issue(page, once=mark).content.decode())


def test_rotating_leaves_time_to_put_the_new_key_in_place(page, alice):
    old = given_key(alice, name="a bot")
    assert page.get(f"/account/keys/{old.key.public_id}/rotate").status_code == 200
    response = page.post(f"/account/keys/{old.key.public_id}/rotate", {"hours": "24"})
    assert call(page, old.text) == call(page, text_in(response)) == 200
    assert "replaced" in page.get("/account/keys").content.decode()


def test_rotating_without_an_overlap_ends_the_old_key_at_once(page, alice):
    old = given_key(alice)
    page.post(f"/account/keys/{old.key.public_id}/rotate", {"hours": "0"})
    assert call(page, old.text) == 401


def test_a_key_is_rotated_once(page, alice):
    address = f"/account/keys/{given_key(alice).key.public_id}/rotate"
    page.post(address, {"hours": "24"})
    assert "has a successor" in page.post(address, {"hours": "24"}).content.decode()
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize("hours", ["", "-1", "99999", "soon"])
def test_an_overlap_that_is_not_offered_is_refused(page, alice, hours):
    old = given_key(alice)
    page.post(f"/account/keys/{old.key.public_id}/rotate", {"hours": hours})
    assert ApiKey.objects.count() == 1


def test_revoking_asks_first_and_then_ends_the_key(page, alice):
    issued = given_key(alice, name="a bot")
    address = f"/account/keys/{issued.key.public_id}/revoke"
    assert "cannot be undone" in page.get(address).content.decode()
    assert call(page, issued.text) == 200
    assert page.post(address).headers["Location"] == "/account/keys"
    assert call(page, issued.text) == 401
    assert "revoked" in page.get("/account/keys").content.decode()
    assert page.post(address).status_code == 404


@pytest.mark.parametrize("what", ["rotate", "revoke"])
def test_the_key_of_somebody_else_is_not_there(page, what):
    issued = given_key(given_person("other"))
    address = f"/account/keys/{issued.key.public_id}/{what}"
    assert page.get(address).status_code == 404
    assert page.post(address, {"hours": "0"}).status_code == 404
    assert shown(issued)
    assert call(page, issued.text) == 200


def test_an_operator_is_offered_what_operators_may_do(client):
    client.force_login(given_person("root", tier="admin", is_staff=True))
    assert 'value="admin"' in client.get("/account/keys").content.decode()
