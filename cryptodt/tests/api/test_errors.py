"""Every way to fail under /api/ is one envelope, whoever raised the error."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.exceptions import NotAuthenticated, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.api.errors import KINDS
from cryptodt.common.errors import InvalidSymbol, NoData, Refusal
from cryptodt.urls import handler400, handler403, handler404, handler500  # noqa: F401
from market.api.prices import PricesView
from providers.registry import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
PROBLEM = "application/problem+json"
FAILURES = {
    "refused": InvalidSymbol("no such symbol", details={"symbol": "NOPE"}),
    "nodata": NoData("nothing yet"),
    "later": NoData("soon", retry_after=42, details={"kraken": "resting"}),
    "plain": Refusal("odd"),
    "bug": ZeroDivisionError("hush"),
    "missing": Http404(),
    "denied": PermissionDenied("hush"),
    "database": OperationalError("hush"),
    "throttled": Throttled(wait=7.2),
    "suspicious": SuspiciousOperation("hush"),
    "large": RequestDataTooBig("hush"),
    "invalid": ValidationError({"limit": ["too many"]}),
    "unknown": NotAuthenticated(),
}


class FailingView(APIView):
    def get(self, request, name):
        raise FAILURES[name]


class EchoView(APIView):
    def post(self, request):
        return Response(request.data)


def page(request, name):
    raise FAILURES[name]


urlpatterns = [
    path("api/prices", PricesView.as_view()),
    path("api/fail/<name>", FailingView.as_view()),
    path("api/page/<name>", page),
    path("page/<name>", page),
    path("api/echo", EchoView.as_view()),
    path("ok", lambda request: HttpResponse("ok")),
    path("", lambda request: HttpResponse("home"), name="dashboard"),
]


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def check(response, status, kind):
    """Hold a response against the envelope, and return its error."""
    body = response.json()
    assert response.status_code == status == KINDS[kind]
    assert response["Content-Type"] == "application/json"
    told_thrice = {"detail", "retry_after", "rate_limit_info"} if status == 429 else set()
    assert set(body) == {"success", "error", "timestamp", "requestId"} | told_thrice
    assert body["success"] is False
    assert body["requestId"] == response["X-Request-ID"]
    assert body["error"]["code"] == kind
    assert body["error"]["message"]
    assert "hush" not in response.text
    return body["error"]


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("refused", 400, "INVALID_SYMBOL"),
        ("nodata", 503, "PROVIDER_ERROR"),
        ("plain", 500, "INTERNAL_ERROR"),
        ("bug", 500, "INTERNAL_ERROR"),
        ("missing", 404, "NOT_FOUND"),
        ("denied", 403, "FORBIDDEN"),
        ("database", 503, "UNAVAILABLE"),
        ("throttled", 429, "RATE_LIMITED"),
        ("suspicious", 400, "INVALID_REQUEST"),
        ("large", 413, "PAYLOAD_TOO_LARGE"),
        ("invalid", 400, "INVALID_REQUEST"),
    ],
)
def test_whatever_is_raised_is_the_envelope(client, name, status, kind):
    check(client.get(f"/api/fail/{name}"), status, kind)


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [("bug", 500, "INTERNAL_ERROR"), ("missing", 404, "NOT_FOUND"), ("denied", 403, "FORBIDDEN")],
)
def test_what_is_raised_outside_of_the_framework_is_the_envelope_too(client, name, status, kind):
    check(client.get(f"/api/page/{name}"), status, kind)


def test_details_say_what_was_wrong(client):
    assert check(client.get("/api/fail/refused"), 400, "INVALID_SYMBOL")["details"] == {
        "symbol": "NOPE"
    }
    assert check(client.get("/api/fail/invalid"), 400, "INVALID_REQUEST")["details"] == {
        "fields": {"limit": ["too many"]}
    }


def test_no_data_names_every_provider_and_when_to_come_back(client):
    response = client.get("/api/fail/nodata")
    error = check(response, 503, "PROVIDER_ERROR")
    assert set(error["details"]) == {
        row.slug for row in ROWS if row.is_default and "quotes" in row.offers
    }
    assert response["Retry-After"] == str(error["retryAfter"]) == "5"


@pytest.mark.parametrize(("name", "seconds"), [("later", 42), ("throttled", 8), ("database", 5)])
def test_when_to_come_back_is_in_body_and_header(client, name, seconds):
    response = client.get(f"/api/fail/{name}")
    assert response["Retry-After"] == str(seconds)
    assert response.json()["error"]["retryAfter"] == seconds


def test_a_failure_is_logged_with_its_traceback_and_told_without(client, caplog):
    client.get("/api/fail/bug")
    (record,) = [one for one in caplog.records if one.name == "cryptodt.api.errors"]
    assert record.exc_info[0] is ZeroDivisionError


def test_an_unknown_address(client):
    check(client.get("/api/nothing"), 404, "NOT_FOUND")


def test_a_wrong_method(client):
    response = client.delete("/api/prices")
    check(response, 405, "METHOD_NOT_ALLOWED")
    assert response["Allow"]


def test_a_format_that_is_not_spoken(client):
    check(client.get("/api/prices", headers={"Accept": "text/csv"}), 406, "NOT_ACCEPTABLE")


def test_a_body_in_another_format(client):
    response = client.post("/api/echo", "a,b", content_type="text/csv")
    check(response, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("body", ["{", "nope", '{"a":}', b"\xff\xfe", "[1,]", "NaN"])
def test_a_body_that_is_no_json(client, body):
    check(client.post("/api/echo", body, content_type="application/json"), 400, "INVALID_REQUEST")


def test_a_body_that_is_too_large(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/api/echo", '"' + "x" * 200 + '"', content_type="application/json")
    check(response, 413, "PAYLOAD_TOO_LARGE")


def test_a_host_that_is_not_ours(client):
    check(client.get("/api/prices", headers={"Host": "evil.test"}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", ["bug", "missing", "denied"])
def test_outside_of_the_api_an_error_is_a_page(client, name):
    response = client.get(f"/page/{name}")
    assert response["Content-Type"].startswith("text/html")
    assert response.status_code in (403, 404, 500)
    assert "hush" not in response.text


@pytest.mark.parametrize(
    ("address", "status", "kind"),
    [("/api/fail/refused", 400, "invalid-symbol"), ("/api/nothing", 404, "not-found"),
     ("/api/fail/bug", 500, "internal-error"), ("/api/fail/nodata", 503, "provider-error")],
)  # fmt: skip
def test_who_asks_for_a_problem_gets_one(client, address, status, kind):
    response = client.get(address, headers={"Accept": PROBLEM})
    body = response.json()
    assert response["Content-Type"] == PROBLEM
    assert response.status_code == body["status"] == status
    assert body["type"] == f"urn:cryptodt:error:{kind}"
    assert body["title"].upper().replace(" ", "_") == body["code"]
    assert body["instance"] == address
    assert body["detail"]
    assert body["requestId"] == response["X-Request-ID"]
    assert "success" not in body


@pytest.mark.parametrize("address", ["/api/fail/bug", "/api/nothing", "/api/page/bug"])
@pytest.mark.parametrize("accept", ["application/json", PROBLEM])
def test_on_a_simulated_market_an_error_says_so(client, settings, address, accept):
    settings.SIMULATED = True
    assert client.get(address, headers={"Accept": accept}).json()["simulated"] is True


def test_every_kind_has_a_status_of_an_error_but_the_one_that_asks_for_patience():
    statuses = {**KINDS}
    assert statuses.pop("NOT_YET") == 202
    assert all(400 <= status < 600 for status in statuses.values())


def test_who_must_log_in_first_is_refused(client):
    response = client.get("/api/fail/unknown")
    check(response, 401, "UNAUTHORIZED")
    assert response["WWW-Authenticate"] == "Bearer"
