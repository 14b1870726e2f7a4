"""Prepare the database; run it once before several processes start."""

from typing import Any

from django.core.management.base import BaseCommand

from cryptodt.preparation import prepare


class Command(BaseCommand):
    help = "Migrate the database and write down what the code knows. `up` does this by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare()
        self.stdout.write("The database is ready.")
