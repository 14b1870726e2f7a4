"""People in the admin."""

import pytest

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_page(client, db):
    client.force_login(User.objects.create_superuser("olga"))
    return client


def test_an_operator_sees_who_still_has_a_one_time_password(admin_page, newcomer):
    page = admin_page.get("/admin/accounts/user/?must_change_password__exact=1").content.decode()
    assert "nina" in page
    assert "olga</a></th>" not in page


def test_an_operator_can_ask_for_a_new_password(admin_page, alice):
    page = admin_page.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert 'name="must_change_password"' in page
