"""What happened stays written: in the admin for reading, in the database for good."""

import csv
import io
import runpy
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.audit import record
from accounts.models import AuditEntry, Usage, User
from accounts.tests.people import given_key, given_person

pytestmark = pytest.mark.django_db
AUDIT = "/admin/accounts/auditentry/"
MIGRATION = Path(__file__).parents[1] / "migrations" / "0004_append_only_audit.py"


@pytest.fixture
def admin_page(client):
    client.force_login(User.objects.create_superuser("olga", tier_id="admin"))
    return client


def exported(client, query=""):
    answer = client.get(f"{AUDIT}export/{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_an_entry_is_written_once_and_by_nobody_changed(admin_page):
    record("key issued", name="ann")
    entry = AuditEntry.objects.get(action="key issued")
    page = f"{AUDIT}{entry.pk}/"
    assert admin_page.get(f"{page}change/").status_code == 200
    assert admin_page.post(f"{page}change/", {"action": "x"}).status_code == 403
    assert admin_page.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert admin_page.post(f"{AUDIT}add/", {"action": "x"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    admin_page.post(AUDIT, chosen)
    assert AuditEntry.objects.get(action="key issued") == entry


@pytest.fixture
def guarded():
    """The database of the tests can be emptied; one of users cannot."""
    if connection.vendor == "sqlite":
        statements = runpy.run_path(str(MIGRATION))["SQLITE"]
        with connection.cursor() as cursor:
            cursor.execute(statements[1])


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries.update(actor_name="somebody else"),
        lambda entries: entries.update(actor=None, action="nothing"),
        lambda entries: entries.update(details={}),
        lambda entries: entries.delete(),
        lambda entries: entries._raw_delete("default"),
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_an_entry(guarded, change):
    ann = given_person()
    record("key issued", actor=ann, scope="read")
    with pytest.raises(DatabaseError), transaction.atomic():
        change(AuditEntry.objects.all())
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.details) == (ann, "key issued", {"scope": "read"})


def test_an_entry_outlives_its_person(guarded):
    ann = given_person()
    record("key issued", actor=ann)
    ann.delete()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (None, "ann")


def test_the_export_holds_what_the_list_shows(admin_page):
    record("key issued", name="ann")
    record("key revoked", name="ann")
    rows = exported(admin_page, "?action=key+revoked")
    assert [row[2] for row in rows] == ["action", "key revoked"]
    assert AuditEntry.objects.filter(action="audit exported", actor_name="olga").count() == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
def test_no_cell_of_the_export_is_a_formula(admin_page, start):
    record("log-in failed", name=f"{start}HYPERLINK(1)")
    cells = [row[1] for row in exported(admin_page, "?action=log-in+failed")]
    assert cells == ["actor_name", f"'{start}HYPERLINK(1)"]


@pytest.mark.parametrize("is_staff", [True, False])
def test_the_audit_is_for_those_who_may_see_it(client, is_staff):
    client.force_login(given_person(is_staff=is_staff))
    assert client.get(AUDIT).status_code in (302, 403)
    assert client.get(f"{AUDIT}export/").status_code in (302, 403)


def test_usage_is_looked_at_and_not_edited(admin_page):
    key = given_key()
    row = Usage.objects.create(
        day="2026-01-01", user=key.key.owner, key=key.key, endpoint="api/prices", calls=7
    )
    page = admin_page.get("/admin/accounts/usage/?q=ann").content.decode()
    assert "api/prices" in page
    change = f"/admin/accounts/usage/{row.pk}/change/"
    assert admin_page.post(change, {"calls": 0}).status_code == 403
    assert admin_page.post(f"/admin/accounts/usage/{row.pk}/delete/").status_code == 403
