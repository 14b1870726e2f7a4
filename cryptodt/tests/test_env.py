"""The environment is understood or refused, and a secret is made once."""

import os
import stat
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from cryptodt import env

CHOSEN = "q7Hn2-vWx91LrTzB4cKd8mYs6PjE3fUa"


@pytest.fixture
def given(monkeypatch):
    return lambda value: monkeypatch.setenv("ANSWER", value)


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
def test_a_flag_is_raised(given, value):
    given(value)
    assert env.flag("ANSWER", default=False) is True


@pytest.mark.parametrize("value", ["0", "False", "no", "off", ""])
def test_a_flag_is_lowered(given, value):
    given(value)
    assert env.flag("ANSWER", default=True) is False


@pytest.mark.parametrize("value", ["maybe", "2", "ja", "truee"])
def test_a_flag_that_is_neither_is_refused_by_name(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match="ANSWER"):
        env.flag("ANSWER", default=False)


@pytest.mark.parametrize("value", ["five", "1.5", "0x10", "1e3"])
def test_a_number_that_is_none_is_refused(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match="ANSWER must be a whole number"):
        env.number("ANSWER", 5)


def test_a_number_below_the_least_is_refused(given):
    given("0")
    assert env.number("ANSWER", 5) == 0
    with pytest.raises(ImproperlyConfigured, match="at least 1"):
        env.number("ANSWER", 5, least=1)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "1e999", "soon"])
def test_seconds_that_never_pass_are_refused(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match="ANSWER must be"):
        env.seconds("ANSWER", 4)


def test_an_empty_variable_means_the_default(given):
    given("  ")
    assert env.number("ANSWER", 5) == 5
    assert env.seconds("ANSWER", 4) == 4


def test_a_list_loses_its_empty_words(given):
    given(" BTC, ,ETH,,")
    assert env.listing("ANSWER") == ["BTC", "ETH"]


def test_a_choice_is_one_of_those_offered(given):
    given("INFO")
    assert env.choice("ANSWER", "info", ("info", "debug")) == "info"
    given("loud")
    with pytest.raises(ImproperlyConfigured, match="info, debug"):
        env.choice("ANSWER", "info", ("info", "debug"))


def test_choices_are_some_of_those_offered(given):
    given("1h, 1m,1h")
    assert env.choices("ANSWER", "1m", ("1m", "1h")) == ["1h", "1m"]
    given("1m,2m")
    with pytest.raises(ImproperlyConfigured, match="may name 1m, 1h, and not 2m"):
        env.choices("ANSWER", "1m", ("1m", "1h"))


def test_a_secret_comes_from_the_file_that_is_named(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("ANSWER", "from the variable")
    assert env.secret("ANSWER") == "from the variable"
    monkeypatch.setenv("ANSWER_FILE", str(tmp_path / "key"))
    assert env.secret("ANSWER") == "from the file"


def test_a_secret_file_that_cannot_be_read_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("ANSWER_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="ANSWER_FILE"):
        env.secret("ANSWER")


def test_variables_with_a_prefix_are_found_by_their_slug(monkeypatch):
    monkeypatch.setenv("PROVIDER_CRYPTO_COM_URL", " http://mirror ")
    monkeypatch.setenv("PROVIDER_EMPTY_URL", " ")
    found = env.with_prefix("PROVIDER_", "_URL")
    assert found["crypto-com"] == "http://mirror"
    assert "empty" not in found


def test_a_kept_secret_is_made_once_and_for_its_owner_only(tmp_path):
    file = tmp_path / "secrets" / "key"
    made = env.kept_secret("ANSWER", file)
    assert len(made) >= 50
    assert env.kept_secret("ANSWER", file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_a_kept_secret_gives_way_to_the_one_that_is_given(given, tmp_path):
    given(CHOSEN)
    assert env.kept_secret("ANSWER", tmp_path / "key") == CHOSEN
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "short-but-otherwise-a-fine-one",
        "your-secret-key-change-in-production",
        "django-insecure-" + "k3v9x7q2m5" * 5,
        "change_me_to_something_that_is_long",
        "a" * 64,
        "abcabcabc" * 8,
    ],
)
def test_a_secret_that_others_could_try_is_refused_and_not_repeated(given, tmp_path, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match="ANSWER") as refused:
        env.kept_secret("ANSWER", tmp_path / "key")
    assert value not in str(refused.value)


def test_a_weak_secret_in_a_file_is_refused_as_well(monkeypatch, tmp_path):
    (tmp_path / "named").write_text("changeme\n")
    monkeypatch.setenv("ANSWER_FILE", str(tmp_path / "named"))
    with pytest.raises(ImproperlyConfigured, match="ANSWER"):
        env.kept_secret("ANSWER", tmp_path / "key")
    monkeypatch.delenv("ANSWER_FILE")
    (tmp_path / "key").write_text("")
    with pytest.raises(ImproperlyConfigured, match="ANSWER"):
        env.kept_secret("ANSWER", tmp_path / "key")


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "https://example.com/",
        "https://example.com/app",
        "ftp://example.com",
        "https://",
        "https://a@example.com",
        "https://example.com:port",
        "null",
    ],
)
def test_what_is_no_origin_is_refused(given, value):
    given(f"https://good.example,{value}")
    with pytest.raises(ImproperlyConfigured, match="ANSWER"):
        env.origins("ANSWER", with_credentials=False)


def test_origins_are_listed(given):
    given("https://a.example, http://localhost:3000")
    expected = ["https://a.example", "http://localhost:3000"]
    assert env.origins("ANSWER", with_credentials=True) == expected


def test_starters_at_once_get_one_and_the_same_secret(tmp_path):
    for number in range(20):
        file, barrier = tmp_path / str(number) / "key", threading.Barrier(8)
        found: list[str] = []

        def start(file=file, found=found, barrier=barrier):
            barrier.wait()
            found.append(env.kept_secret("ANSWER", file))

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert set(found) == {file.read_text()}
        assert found[0]


def test_a_secret_is_complete_from_the_moment_it_has_its_name(tmp_path, monkeypatch):
    file = tmp_path / "key"
    link = os.link
    seen = []

    def late(source, target):
        seen.append((file.exists(), len(Path(source).read_text())))
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    env.kept_secret("ANSWER", file)
    assert seen == [(False, 86)]
