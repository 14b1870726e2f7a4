"""The second factor: set up, asked for, used up, removed; and half a login opens nothing."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import second_factor
from accounts.models import AuditEntry, User
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NOON = "2026-11-20T12:00:00Z"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def codes(alice, clock):
    """Recovery codes of alice, whose second factor is on."""
    second_factor.begin(alice)
    found = second_factor.confirm(alice, app_code())
    clock.shift(30)
    return found


def app_code():
    """Return what the app shows now."""
    return f"{totp(TOTPDevice.objects.get().bin_key):06}"


def password(client, next_page=""):
    return client.post("/login", {"username": "alice", "password": PASSWORD, "next": next_page})


def enter(client, code):
    return client.post("/login/code", {"code": code})


def by_api(client, **more):
    body = {"username": "alice", "password": PASSWORD, **more}
    return client.post("/api/auth/login", body, content_type="application/json")


def is_in(client):
    return client.get("/account").status_code == 200


def test_it_is_set_up_with_a_picture_and_a_code(client, alice, clock):
    client.force_login(alice)
    page = client.get("/account/second-factor").content.decode()
    assert 'src="data:image/svg+xml' in page
    secret = re.findall(r"data-secret>([A-Z2-7 ]+)<", page)[0]
    assert len(secret.replace(" ", "")) == 32
    # A reload shows the same, or what was scanned would be worth nothing.
    assert secret in client.get("/account/second-factor").content.decode()
    done = client.post("/account/second-factor", {"code": app_code()})
    assert len(re.findall(r"<li>\s*[a-z2-9]{5}-[a-z2-9]{5}\s*</li>", done.content.decode())) == 10
    assert "no-store" in done.headers["Cache-Control"]
    assert second_factor.is_on(alice)
    assert AuditEntry.objects.filter(action="second factor on", actor=alice).exists()
    again = client.get("/account/second-factor").content.decode()
    assert "10 of 10" in again
    assert secret not in again


def test_a_wrong_code_turns_nothing_on(client, alice):
    client.force_login(alice)
    client.get("/account/second-factor")
    assert "wrong" in client.post("/account/second-factor", {"code": "000000"}).content.decode()
    assert not second_factor.is_on(alice)


def test_a_second_one_cannot_be_set_up_over_the_first(client, alice, codes):
    client.force_login(alice)
    key = TOTPDevice.objects.get().key
    client.post("/account/second-factor", {"code": app_code()})
    assert TOTPDevice.objects.get().key == key


def test_logging_in_asks_for_the_code(client, alice, codes):
    assert password(client, "/account/keys").headers["Location"] == "/login/code"
    assert enter(client, app_code()).headers["Location"] == "/account/keys"
    assert is_in(client)


def test_half_a_login_opens_nothing(client, alice, codes):
    password(client)
    for page in ("/", "/account", "/account/keys", "/account/second-factor", "/password"):
        assert client.get(page).headers["Location"].startswith("/login?next=")
    assert client.get("/admin/").status_code == 302
    assert client.get("/api/account/keys").status_code == 401
    assert not AuditEntry.objects.filter(action="logged in").exists()


def test_the_session_of_half_a_login_is_a_new_one(client, alice, codes):
    client.get("/login")
    session = client.session
    session["mark"] = "before"
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    password(client)
    halfway = client.session.session_key
    enter(client, app_code())
    assert len({before, halfway, client.session.session_key}) == 3


def test_half_a_login_ends_after_ten_minutes(client, alice, codes, clock):
    password(client)
    clock.shift(601)
    assert enter(client, app_code()).headers["Location"] == "/login"
    assert not is_in(client)


def test_half_a_login_ends_with_the_password(client, alice, codes):
    password(client)
    alice.set_password("another-door-of-oak-7")
    alice.save()
    assert enter(client, app_code()).headers["Location"] == "/login"


def test_the_code_page_is_for_people_halfway(client):
    assert client.get("/login/code").headers["Location"] == "/login"


def test_a_code_is_good_once(client, alice, codes):
    code = app_code()
    password(client)
    enter(client, code)
    other = Client()
    password(other)
    assert "used already" in enter(other, code).content.decode()
    assert not is_in(other)


def test_a_recovery_code_is_good_once_however_it_is_typed(client, alice, codes):
    password(client)
    assert enter(client, f" {codes[0].upper().replace('-', ' ')} ").status_code == 302
    other = Client()
    password(other)
    assert enter(other, codes[0]).status_code == 200
    assert second_factor.recovery_codes_left(alice) == 9


def test_recovery_codes_cannot_be_read_in_the_database(alice, codes):
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert len(stored) == 10
    assert not stored & {code.replace("-", "") for code in codes}
    assert not stored & set(codes)


def test_wrong_codes_are_slowed_and_noted(client, alice, codes):
    password(client)
    enter(client, "000000")
    assert "Too many wrong codes" in enter(client, app_code()).content.decode()
    failed = AuditEntry.objects.filter(action="log-in failed", actor=alice)
    assert [entry.details for entry in failed] == [{"step": "code"}] * 2


@pytest.mark.parametrize("code", ["", "x" * 31, "１２３４５６", "12345", "\x00", "-"])
def test_what_is_no_code_is_refused(client, alice, codes, code):
    password(client)
    assert enter(client, code).status_code == 200
    assert not is_in(client)


def test_removing_it_needs_the_password_and_a_code(client, alice, codes):
    client.force_login(alice)

    def remove(said, code):
        return client.post("/account/second-factor/off", {"password": said, "code": code})

    # A wrong password does not even use the code up.
    assert remove("wrong", app_code()).status_code == 200
    assert second_factor.is_on(alice)
    assert remove(PASSWORD, app_code()).status_code == 302
    assert not second_factor.is_on(alice)
    assert not StaticToken.objects.exists()
    assert AuditEntry.objects.filter(action="second factor off").exists()


def test_removing_it_with_a_wrong_code_leaves_it(client, alice, codes):
    client.force_login(alice)
    client.post("/account/second-factor/off", {"password": PASSWORD, "code": "000000"})
    assert second_factor.is_on(alice)


def test_the_token_endpoint_asks_for_the_code_after_the_right_password_only(client, alice, codes):
    wrong = by_api(client, password="wrong")
    assert wrong.status_code == 401
    assert "code" not in wrong.content.decode().replace('"code":"UNAUTHORIZED"', "")
    without = by_api(client)
    assert without.status_code == 401
    assert without.json()["error"]["details"] == {"needs": "code"}
    assert by_api(client, code=app_code()).status_code == 200


def test_the_token_endpoint_refuses_a_wrong_code(client, alice, codes):
    assert by_api(client, code="000000").status_code == 401
    assert by_api(client, code=12).status_code == 400


@pytest.fixture
def operator(settings, client):
    settings.REQUIRE_STAFF_2FA = True
    found = User.objects.create_superuser("root", password=PASSWORD, tier_id="admin")
    client.force_login(found)
    return found


@pytest.mark.parametrize("page", ["/", "/admin/", "/account", "/account/keys", "/nowhere"])
def test_staff_who_owe_it_are_led_to_set_it_up(client, operator, page):
    assert client.get(page).headers["Location"] == "/account/second-factor"


def test_staff_who_owe_it_administer_nothing(client, operator):
    assert client.post("/api/discovery/run").status_code == 403


def test_staff_who_have_it_go_on(client, operator, clock):
    assert client.get("/account/second-factor").status_code == 200
    client.post("/account/second-factor", {"code": app_code()})
    assert client.get("/admin/").status_code == 200


def test_nobody_else_owes_it(client, alice, settings):
    settings.REQUIRE_STAFF_2FA = True
    client.force_login(alice)
    assert is_in(client)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_send_the_same_code_at_once_one_is_let_in(alice):
    second_factor.begin(alice)
    found = second_factor.confirm(alice, app_code())
    assert found is not None
    start = threading.Barrier(8)

    def try_it(_):
        # Whoever must first connect is late for the race.
        second_factor.is_on(alice)
        start.wait()
        try:
            return second_factor.check(alice, found[0]).is_right
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(try_it, range(8))) == 1
