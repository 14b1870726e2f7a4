"""Candidates in the admin: looked at, and made providers by an operator's hand alone."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import User
from providers import candidates
from providers.models import Candidate, DiscoveryRule, DiscoveryRun, Provider
from providers.tests.admin.conftest import entries, member

pytestmark = pytest.mark.django_db

LIST = "/admin/providers/candidate/"
RULES = "/admin/providers/discoveryrule/"


def candidate(slug="example-news", **changes):
    now = timezone.now()
    told = {
        "name": "Example: <b>Markets</b>",
        "added_format": "rss",
        "added_address": f"https://{slug}.example/feed",
        "found_by": "advertised by https://example.example/",
        "first_found_at": now,
        "checked_at": now,
        "is_valid": True,
        "evidence": {"headlines": 20, "note": "<script>alert(1)</script>"},
    }
    return Candidate.objects.create(slug=slug, **{**told, **changes})


def act(send, action, *chosen):
    return send(LIST, {"action": action, "_selected_action": [one.pk for one in chosen]})


def told(operator):
    return [str(one) for one in operator.get(LIST).context["messages"]]


def test_only_operators_come_in(client):
    client.force_login(User.objects.create_user("alice"))
    for path in (LIST, RULES, "/admin/providers/discoveryrun/"):
        assert client.get(path).status_code in (302, 403)


def test_a_candidate_is_shown_with_its_evidence_and_never_as_markup(operator):
    one = candidate()
    refused = candidate("other-news", is_valid=False, reason="is no feed")
    page = operator.get(LIST).content.decode()
    assert "may be added" in page
    assert "is no feed" in page
    for shown in (one, refused):
        page = operator.get(f"{LIST}{shown.pk}/change/").content.decode()
        assert "headlines: 20" in page
        assert "<script>alert" not in page
        assert "<b>Markets" not in page


def test_a_candidate_is_added_switched_off(operator, send, queue):
    one = candidate()
    act(send, "add_switched_off", one)
    provider = Provider.objects.get(slug="example-news")
    assert (provider.is_on, provider.added_format) == (False, "rss")
    assert provider.added_address == "https://example-news.example/feed"
    one.refresh_from_db()
    assert one.provider == provider
    assert not member("example-news", "news").is_on
    assert entries() == ["Added as provider, switched off."]
    assert queue.sent == [("providers.tasks.probe_provider", ["example-news"])]


def test_a_candidate_is_added_switched_on(operator, send):
    act(send, "add_switched_on", candidate())
    assert member("example-news", "news").is_on


def test_a_refused_candidate_is_not_added(operator, send):
    act(send, "add_switched_on", candidate(is_valid=False, reason="is no feed"))
    assert not Provider.objects.filter(slug="example-news").exists()
    assert told(operator) == ["example-news was refused: is no feed"]


def test_nothing_is_added_twice(operator, send):
    one = candidate()
    act(send, "add_switched_off", one)
    act(send, "add_switched_on", one)
    assert not Provider.objects.get(slug="example-news").is_on
    assert "example-news is a provider already" in told(operator)


def test_a_feed_that_somebody_typed_in_meanwhile_is_not_added(operator, send):
    one = candidate()
    Provider.objects.create(
        slug="typed", name="Typed", added_format="rss", added_address=one.added_address
    )
    act(send, "add_switched_on", one)
    assert told(operator) == ["example-news Typed reads this feed already."]


def test_whoever_may_not_add_providers_may_not_do_it_here(client, django_user_model):
    clerk = django_user_model.objects.create_user("carl", is_staff=True)
    allowed = Permission.objects.filter(codename__in=["view_candidate", "change_candidate"])
    clerk.user_permissions.set(allowed)
    client.force_login(clerk)
    one = candidate()
    client.post(LIST, {"action": "add_switched_on", "_selected_action": [one.pk]})
    assert not Provider.objects.filter(slug="example-news").exists()


def test_a_provider_that_is_deleted_is_a_candidate_again(operator, send):
    one = candidate()
    act(send, "add_switched_off", one)
    provider = Provider.objects.get(slug="example-news")
    send(f"/admin/providers/provider/{provider.pk}/delete/", {"post": "yes"})
    one.refresh_from_db()
    assert one.provider is None


def test_a_rule_is_switched_in_the_list_and_is_off_at_first(operator, send):
    DiscoveryRule.objects.all().delete()
    candidates.sync_rules()
    candidates.sync_rules()
    rules = list(DiscoveryRule.objects.all())
    assert [(one.added_format, one.switches_on) for one in rules] == [
        ("ccxt", False),
        ("rss", False),
    ]
    data = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    data |= {f"form-{number}-id": one.pk for number, one in enumerate(rules)}
    send(RULES, {**data, "form-1-switches_on": "on"})
    assert DiscoveryRule.objects.get(switches_on=True).added_format == "rss"
    assert operator.get(f"{RULES}add/").status_code == 403


def test_a_run_is_shown_and_stays(operator):
    now = timezone.now()
    run = DiscoveryRun.objects.create(
        started_at=now, ended_at=now, asked=3, checked=2, valid=1, unspoken=6, trouble=["odd"]
    )
    assert "odd" in operator.get("/admin/providers/discoveryrun/").content.decode()
    page = f"/admin/providers/discoveryrun/{run.pk}/"
    assert operator.get(f"{page}change/").status_code == 200
    assert operator.post(f"{page}delete/", {"post": "yes"}).status_code == 403
