"""What holds over the wire: TLS where it is switched on, and other sites only where invited."""

import pytest
from django.test import Client

from cryptodt.express import asked_in

pytestmark = pytest.mark.django_db
ELSEWHERE = "https://app.example"
ASKING = {"Origin": ELSEWHERE}
PREFLIGHT = {
    **ASKING,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "x-api-key",
}


@pytest.fixture
def tls(settings):
    settings.SECURE_SSL_REDIRECT = settings.HTTPS = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 365 * 86400


def test_a_page_over_plain_http_leads_to_https(tls):
    answer = Client().get("/login?next=/account")
    assert answer.status_code == 301
    assert answer["Location"] == "https://testserver/login?next=/account"


def test_health_is_asked_from_within_without_tls(tls):
    assert Client().get("/api/health").status_code == 200


def test_a_page_over_tls_says_that_it_stays_there(tls):
    answer = Client().get("/login", secure=True)
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.cookies["csrftoken"]["secure"]


def test_other_sites_may_not_read_the_api_unless_invited():
    client = Client()
    assert "Access-Control-Allow-Origin" not in client.get("/api/health", headers=ASKING)
    assert "Access-Control-Allow-Origin" not in client.options("/api/prices", headers=PREFLIGHT)


def test_an_invited_site_may_read_the_api_and_what_is_told_of_limits(settings):
    settings.CORS_ALLOWED_ORIGINS = [ELSEWHERE]
    client = Client()
    answer = client.get("/api/health", headers=ASKING)
    assert answer["Access-Control-Allow-Origin"] == ELSEWHERE
    assert "Access-Control-Allow-Credentials" not in answer
    assert "ratelimit" in answer["Access-Control-Expose-Headers"]
    assert "origin" in answer["Vary"].lower()
    preflight = client.options("/api/prices", headers=PREFLIGHT)
    assert "x-api-key" in preflight["Access-Control-Allow-Headers"]
    another = {"Origin": "https://app.example.evil.test"}
    assert "Access-Control-Allow-Origin" not in client.get("/api/health", headers=another)


def test_an_invitation_to_all_is_for_the_api_alone_and_without_sessions(settings):
    settings.CORS_ALLOW_ALL_ORIGINS = True
    client = Client()
    answer = client.get("/api/health", headers=ASKING)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Access-Control-Allow-Origin" not in client.get("/login", headers=ASKING)


def test_the_express_lane_leaves_other_sites_to_the_views():
    """Whether they may read an answer is not part of what the lane keeps."""
    headers = [(b"host", b"localhost")]
    scope = {
        "path": "/api/prices",
        "method": "GET",
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    assert asked_in({**scope, "headers": headers}) is not None
    assert asked_in({**scope, "headers": [*headers, (b"origin", b"https://app.example")]}) is None
