"""Providers in the admin: found, switched, probed, moved and added."""

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import DELETION, LogEntry

from accounts.models import User
from providers import breaker, budget, gateway, roster, services, tasks
from providers.admin import ProviderAdmin
from providers.models import Membership, Pool, Provider
from providers.selectors import subject
from providers.tests.admin.conftest import LIST, act, entries, form_of, member, page_of, provider

pytestmark = pytest.mark.django_db


# -- The list --------------------------------------------------------------------------


def test_only_operators_come_in(client):
    client.force_login(User.objects.create_user("alice"))
    assert client.get(LIST).status_code in (302, 403)
    assert client.post(LIST, {"action": "switch_off"}).status_code in (302, 403)


def test_the_list_looks_at_the_pump_once(operator, django_assert_max_num_queries):
    operator.get(LIST)
    with django_assert_max_num_queries(14):
        page = operator.get(LIST)
    assert "not asked lately" in page.content.decode()


@pytest.mark.parametrize(
    ("question", "shown", "hidden"),
    [
        ("kind=exchange", "kraken", "coingecko"),
        ("needs_key=optional", "coingecko", "kraken"),
        ("state=offline", "kraken", "coingecko"),
        ("is_on__exact=0", "etherscan", "kraken"),
        ("q=krak", "kraken", "coingecko"),
    ],
)
def test_one_is_found_among_hundreds(operator, question, shown, hidden):
    breaker_of = subject("kraken", "quotes")
    for _ in range(5):
        breaker.failed(breaker_of)
    services.note_failure("kraken", "quotes", "unreachable", "did not answer")
    found = operator.get(f"{LIST}?{question}").context["cl"].queryset
    slugs = set(found.values_list("slug", flat=True))
    assert shown in slugs
    assert hidden not in slugs


def test_a_switch_in_the_list_takes_effect_and_is_written_down(operator, send):
    rows = operator.get(f"{LIST}?q=kraken").context["cl"].formset.forms
    data = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for number, form in enumerate(rows):
        data[f"form-{number}-id"] = form.instance.pk
        if form.instance.is_on and form.instance.slug != "kraken":
            data[f"form-{number}-is_on"] = "on"
    assert member("kraken").is_on
    send(f"{LIST}?q=kraken", data)
    assert not member("kraken").is_on
    assert entries() == ["Changed Switched on."]


# -- Actions ---------------------------------------------------------------------------


def test_switching_off_and_on(send):
    act(send, "switch_off", "kraken", "binance")
    assert not member("kraken").is_on
    act(send, "switch_on", "kraken")
    assert member("kraken").is_on
    assert not member("binance").is_on
    assert sorted(entries()) == ["Switched off.", "Switched off.", "Switched on."]


def test_what_is_so_already_leaves_no_entry(send):
    act(send, "switch_on", "kraken")
    assert entries() == []


def test_a_probe_is_sent_and_written_down(send, queue):
    act(send, "probe_now", "kraken")
    assert queue.sent == [("providers.tasks.probe_provider", ["kraken"])]
    assert entries() == ["Asked for a probe."]


def test_a_queue_that_is_down_is_said(operator, send, queue):
    queue.is_down = True
    act(send, "probe_now", "kraken")
    assert "could not be reached" in operator.get(LIST).content.decode()
    assert entries() == []


def test_a_reset_forgets_failures_pauses_and_doubts(send):
    for _ in range(5):
        breaker.failed(subject("kraken", "quotes"))
    budget.pause("kraken", seconds=600)
    services.put_aside("kraken", "disagrees")
    act(send, "reset_breaker", "kraken")
    assert breaker.allows(subject("kraken", "quotes"))
    assert not budget.paused_until("kraken")
    assert not member("kraken").is_aside
    assert entries() == ["Reset the breaker."]


@pytest.mark.parametrize("button", ["_probe", "_reset"])
def test_the_buttons_of_one_provider_do_the_same(operator, send, queue, button):
    path = page_of("kraken")
    send(path, {**form_of(operator, path), button: "1"})
    assert len(queue.sent) == (button == "_probe")
    assert {"_probe": "Asked for a probe.", "_reset": "Reset the breaker."}[button] in entries()


# -- One provider ----------------------------------------------------------------------


def test_the_health_of_each_capability_is_shown(operator):
    services.note_failure("kraken", "candles", "unreachable", "fell <b>silent</b>")
    page = operator.get(page_of("kraken")).content.decode()
    assert "order book" in page
    assert "fell &lt;b&gt;silent" in page


def test_a_provider_changes_pool_and_place(operator, send):
    pool = Pool.objects.create(name="reserve", capability="quotes", position=1)
    path = page_of("kraken")
    data = form_of(operator, path)
    quotes = Membership.objects.get(provider__slug="kraken", capability="quotes").pk
    named = (name.removesuffix("-id") for name in data if name.endswith("-id"))
    prefix = next(name for name in named if data[f"{name}-id"] == quotes)
    send(path, {**data, f"{prefix}-pool": pool.pk, f"{prefix}-place": 7})
    assert [one.slug for one in roster.current().groups["quotes"][1].members] == ["kraken"]
    assert member("kraken").place == 7
    assert "Pool and Place" in entries()[0]


def test_a_pool_of_another_capability_is_refused(operator, send):
    path = page_of("kraken")
    data = form_of(operator, path)
    news = Pool.objects.get(name="news").pk
    page = send(path, {**data, "memberships-0-pool": news}, is_good=False)
    assert "Select a valid choice" in page.content.decode()


def test_what_comes_with_the_code_stays(operator, send):
    path = f"{LIST}{provider('kraken').pk}/delete/"
    assert operator.post(path, {"post": "yes"}).status_code == 403
    assert "delete_selected" not in operator.get(LIST).content.decode()
    data = form_of(operator, page_of("kraken"))
    send(page_of("kraken"), {**data, "slug": "other", "added_address": "https://x.example"})
    assert provider("kraken").added_address == ""


def test_what_the_pump_wrote_meanwhile_is_kept(rf):
    hands, request, loaded = ProviderAdmin(Provider, site), rf.post("/"), provider("kraken")
    request.user = User.objects.create_superuser("olga")
    form_class = hands.get_form(request, loaded, change=True)
    form = form_class({"name": "The Kraken", "is_on": "on"}, instance=loaded)
    assert form.is_valid()
    services.put_aside("kraken", "disagrees")
    hands.save_model(request, form.instance, form, change=True)
    assert (provider("kraken").aside_reason, provider("kraken").name) == (
        "disagrees",
        "The Kraken",
    )


def test_one_that_the_code_forgot_can_still_be_looked_at(operator):
    Provider.objects.create(slug="gone", name="Gone")
    assert "does not know this provider" in operator.get(page_of("gone")).content.decode()
    assert "unknown to this version" in operator.get(f"{LIST}?q=gone").content.decode()


# -- Adding without code ---------------------------------------------------------------


def add(send, **changes):
    data = {
        "added_format": "rss",
        "added_address": "https://mine.example/feed",
        "name": "Mine",
        "slug": "mine-news",
        "is_on": "on",
    }
    send(f"{LIST}add/", {**data, **changes})
    return provider(changes.get("slug", "mine-news"))


def test_a_feed_is_added_probed_and_answers(sim, send, queue):
    mine = add(send)
    assert list(mine.memberships.values_list("capability", flat=True)) == ["news"]
    assert queue.sent == [("providers.tasks.probe_provider", ["mine-news"])]
    tasks.probe_provider("mine-news")
    assert LogEntry.objects.get().is_addition()
    assert {one.source for one in gateway.fetch_each("news")["mine-news"]} == {"mine-news"}


def test_an_exchange_and_a_mirror_are_added(send):
    add(send, added_format="ccxt", added_address="mexc", slug="mexc-2")
    add(send, added_format="coingecko", added_address="https://mirror.example", slug="mirror")
    assert member("mexc-2").row.kind == "exchange"
    assert member("mirror").row.addresses[-1]


def test_an_added_one_moves_and_goes(operator, send):
    mine = add(send)
    data = form_of(operator, page_of("mine-news"))
    page = send(
        page_of("mine-news"), {**data, "added_address": "https://10.0.0.1/"}, is_good=False
    )
    assert "in numbers" in page.content.decode()
    send(page_of("mine-news"), {**data, "added_address": "https://mine.example/new"})
    assert member("mine-news", "news").row.adapter.path == "/new"
    send(f"{LIST}{mine.pk}/delete/", {"post": "yes"})
    assert "mine-news" not in {one.slug for one in roster.current().all_members()}
    assert LogEntry.objects.filter(action_flag=DELETION).count() == 1
