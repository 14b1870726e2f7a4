"""The OpenAPI document: valid, and honest about errors."""

import json

import pytest
from django.core.management import call_command

FILES = {"text/csv", "application/vnd.apache.parquet"}
GOOD = ("200", "201", "202")
pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_draws_no_warning(tmp_path):
    call_command(
        "spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml")
    )


def test_every_operation_says_how_its_errors_look(client):
    document = json.loads(client.get("/openapi.json").content)
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) >= 5
    for operation in operations:
        assert {"4XX", "5XX"} <= operation["responses"].keys()
        good = next(
            operation["responses"][code] for code in GOOD if code in operation["responses"]
        )
        assert set(good["content"]) - FILES == {"application/json"}
    error = document["components"]["schemas"]["Error"]
    answer = client.get("/api/prices?symbols=NOPE").json()
    assert set(error["required"]) <= answer.keys() <= set(error["properties"])
    assert set(answer["error"]) <= set(error["properties"]["error"]["properties"])
