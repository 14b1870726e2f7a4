"""What operators do is written down, in whichever room they do it."""

import pytest
from django.contrib.admin.models import LogEntry

from accounts.models import AuditEntry, User
from accounts.tests.people import given_key, given_person, shown
from providers.models import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_page(client):
    client.force_login(User.objects.create_superuser("olga", tier_id="admin"))
    return client


def test_a_change_in_any_apps_admin_is_followed(admin_page):
    provider = Provider.objects.get(slug="binance")
    chosen = {"action": "switch_off", "_selected_action": [provider.pk]}
    admin_page.post("/admin/providers/provider/", chosen, REMOTE_ADDR="203.0.113.9")
    entry = AuditEntry.objects.get(action="admin changed")
    assert entry.actor_name == "olga"
    assert (entry.target, entry.address) == (f"provider {provider}", "203.0.113.9")
    assert entry.details == {"change": "Switched off."}
    assert LogEntry.objects.count() == 1


def test_what_an_operator_has_the_api_do_is_followed(client, monkeypatch):
    monkeypatch.setattr("providers.candidates.request_run", lambda: True)
    operator = given_person("olga", tier="admin", is_staff=True)
    key = given_key(operator, tier="admin", scopes=["read", "admin"])
    answer = client.post("/api/discovery/run", content_type="application/json", headers=shown(key))
    assert answer.status_code == 202
    entry = AuditEntry.objects.get(action="operator call")
    assert entry.actor == operator
    assert entry.target == "POST /api/discovery/run"
    assert entry.details == {"status": 202, "key": key.key.pk}


def test_what_was_refused_and_what_was_only_read_leaves_no_line(client):
    key = given_key()
    before = AuditEntry.objects.count()
    assert client.post("/api/discovery/run", headers=shown(key)).status_code == 403
    assert client.post("/api/discovery/run").status_code == 401
    assert AuditEntry.objects.count() == before
