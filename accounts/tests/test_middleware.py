"""A one-time password opens the password page, the way out, and nothing else."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["/", "/admin/", "/admin/accounts/user/", "/nowhere"])
def test_every_page_leads_to_the_password_page(nina, page):
    response = nina.get(page)
    assert response.status_code == 302
    assert response.headers["Location"] == "/password"


def test_a_form_is_held_back_like_a_page(nina):
    assert nina.post("/admin/accounts/user/add/").headers["Location"] == "/password"


def test_the_password_page_opens(nina):
    assert nina.get("/password").status_code == 200


def test_the_way_out_stays_open(nina):
    response = nina.post("/logout")
    assert response.status_code == 302
    assert response.headers["Location"] == "/login"


def test_static_files_are_not_held_back(nina):
    assert nina.get("/static/nothing.css").status_code == 404


def test_the_api_is_not_held_back(nina):
    assert nina.get("/api/nothing").status_code == 404


def test_the_api_does_not_load_a_session_to_be_let_through(nina, django_assert_num_queries):
    with django_assert_num_queries(0):
        nina.get("/api/nothing")


def test_a_person_without_the_duty_passes(client: Client, alice):
    client.force_login(alice)
    assert client.get("/nowhere").status_code == 404
