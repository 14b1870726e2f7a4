"""What must be done before anything runs; doing it again changes nothing."""

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.services import sync_tiers
from market.services.assets import sync_assets
from providers.candidates import sync_rules
from providers.services import claim_store, sync_roster


def prepare() -> None:
    """Bring the database up to date, claim it for this market, and give it what the code knows."""
    executor = MigrationExecutor(connection)
    # Looking costs some milliseconds, the command itself half a second.
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", database=DEFAULT_DB_ALIAS, verbosity=0, interactive=False)
    claim_store()
    sync_tiers()
    sync_roster()
    sync_rules()
    sync_assets()
