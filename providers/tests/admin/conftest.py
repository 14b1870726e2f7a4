"""An operator with a browser: forms as they are sent, and what became of them."""

import pytest
from django.contrib.admin.models import LogEntry
from kombu.exceptions import OperationalError

from accounts.models import User
from providers import roster, services
from providers.models import Provider

LIST = "/admin/providers/provider/"


class Queue:
    """Stands where tasks are sent to."""

    def __init__(self):
        self.sent = []
        self.is_down = False

    def send_task(self, name, args):
        if self.is_down:
            raise OperationalError("no broker")
        self.sent.append((name, args))


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    monkeypatch.setattr(services, "current_app", found := Queue())
    return found


@pytest.fixture(autouse=True)
def _plain_static(settings):
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("olga"))
    return client


@pytest.fixture
def send(operator, django_capture_on_commit_callbacks):
    """Post a form, and let happen what happens once it is stored."""

    def post(path, data, *, is_good=True):
        with django_capture_on_commit_callbacks(execute=True):
            response = operator.post(path, data)
        if is_good:
            assert response.status_code == 302, problems(response)
        return response

    return post


def problems(response):
    context = response.context or {}
    formsets = [one.formset for one in context.get("inline_admin_formsets", ())]
    form = context["adminform"].form if "adminform" in context else None
    return response.status_code, form and form.errors, [one.errors for one in formsets]


def provider(slug):
    return Provider.objects.get(slug=slug)


def page_of(slug):
    return f"{LIST}{provider(slug).pk}/change/"


def form_of(operator, path):
    """Return what a browser would send if nothing were changed."""
    context = operator.get(path).context
    data = {}
    formsets = [one.formset for one in context["inline_admin_formsets"]]
    forms = [context["adminform"].form]
    for formset in formsets:
        forms += [formset.management_form, *formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                data[bound.html_name] = value
    return data


def act(send, action, *slugs):
    chosen = [provider(slug).pk for slug in slugs]
    return send(LIST, {"action": action, "_selected_action": chosen})


def entries():
    return [str(entry.get_change_message()) for entry in LogEntry.objects.all()]


def member(slug, capability="quotes"):
    return next(one for one in roster.current().members(capability) if one.slug == slug)
