"""What every answer gets: an id, a log line, and the headers of its page."""

import json
import logging

import pytest

from cryptodt.common.logs import JsonFormatter

pytestmark = pytest.mark.django_db
HOSTILE = [
    "", "short", "x" * 65, "has space", "új-azonosító", 'quote"inside', "line\nbreak", "../../etc",
    "<script>alert(1)</script>", "a" * 10_000,
]  # fmt: skip


def test_the_callers_own_id_comes_back_in_header_and_body(client):
    response = client.get("/api/nothing", headers={"X-Request-ID": "my-request.42"})
    assert response["X-Request-ID"] == "my-request.42"
    assert response.json()["requestId"] == "my-request.42"


@pytest.mark.parametrize("given", HOSTILE)
def test_an_id_that_is_not_a_sane_one_is_replaced(client, given):
    response = client.get("/api/nothing", headers={"X-Request-ID": given})
    assert response["X-Request-ID"] != given
    assert len(response["X-Request-ID"]) == 32
    assert response.json()["requestId"] == response["X-Request-ID"]


def test_two_requests_have_two_ids(client):
    ids = {client.get("/api/health")["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_a_request_is_one_log_line_with_its_id_and_without_its_query(client, caplog):
    with caplog.at_level(logging.INFO, "cryptodt.access"):
        path = "/api/nothing%0Aforged"
        client.get(path + "?api_key=hush", headers={"X-Request-ID": "my-request.42"})
    (record,) = [one for one in caplog.records if one.name == "cryptodt.access"]
    assert record.getMessage() == "404 GET /api/nothing\nforged"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "hush" not in line
    assert json.loads(line)["ms"] >= 0


@pytest.mark.parametrize("path", ["/api/health", "/api/nothing"])
def test_data_names_the_market_and_is_never_taken_for_a_page(client, path):
    response = client.get(path)
    assert response["X-CryptoDT-Market"] == "live"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in response


@pytest.mark.parametrize("path", ["/login", "/nothing"])
def test_every_page_names_the_market_and_its_policy(client, path):
    response = client.get(path)
    assert response["X-CryptoDT-Market"] == "live"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


def test_an_answer_shown_as_a_page_has_the_policy_of_pages(client):
    response = client.get("/api/health", headers={"Accept": "text/html"})
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_api_answers_are_asked_for_again_each_time(client):
    assert client.get("/api/health")["Cache-Control"] == "no-cache"
    assert client.get("/api/nothing")["Cache-Control"] == "no-cache"


def test_a_simulated_market_is_named_in_the_header(client, settings):
    settings.SIMULATED, settings.MARKET = True, "simulated"
    assert client.get("/api/health")["X-CryptoDT-Market"] == "simulated"


@pytest.mark.parametrize("start", ["/password/reset/MQ", "/account/email"])
def test_a_link_of_a_letter_is_not_in_the_log(client, caplog, db, start):
    with caplog.at_level("INFO", logger="cryptodt.access"):
        client.get(f"{start}/c0ffee-5ec4e7:token")
    assert f"{start}/***" in caplog.text
    assert "5ec4e7" not in caplog.text
