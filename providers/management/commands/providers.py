"""Print the table of providers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from providers import selectors

COLUMNS = ("provider", "kind", "offers", "pools", "key", "used", "state")


class Command(BaseCommand):
    help = "List every provider: what it offers, its pools, whether it needs a key, its state."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", action="store_true", help="only those that are switched on")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [
            line for line in selectors.provider_table() if line["enabled"] or not options["on"]
        ]
        table = [COLUMNS, *(self.cells(line) for line in lines)]
        widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
        for row in table:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        wired = sum(line["wired"] for line in lines)
        on = sum(line["enabled"] for line in lines)
        self.stdout.write(f"{len(lines)} providers, {wired} wired, {on} switched on")

    def cells(self, line: dict[str, Any]) -> tuple[str, ...]:
        key = {"no": "-", "optional": "may have"}.get(line["needsKey"], "needs")
        return (
            line["slug"],
            line["kind"],
            ",".join(line["offers"]),
            ",".join(line["pools"]),
            f"{key}, set" if line["hasKey"] else key,
            "on" if line["enabled"] else "off",
            line["errorMessage"] or line["status"],
        )
