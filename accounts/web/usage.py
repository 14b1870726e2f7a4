"""The usage page: what was used, what was refused, and what is left."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.generic import View

from accounts import reports
from accounts.web.account import AccountPage
from accounts.web.charts import chart, share


class UsageView(AccountPage, View):
    place = "usage"

    def get(self, request: HttpRequest) -> HttpResponse:
        days = reports.by_day(self.person)
        endpoints = reports.by_endpoint(self.person)
        most = max((used.calls for _, used in endpoints), default=0)
        context: dict[str, Any] = {
            "chart": chart(days),
            "days": [(day, used) for day, used in reversed(days) if used.calls or used.limited],
            "first_day": days[0][0],
            "last_day": days[-1][0],
            "calls": sum(used.calls for _, used in days),
            "limited": sum(used.limited for _, used in days),
            "failed": sum(used.failed for _, used in days),
            "endpoints": [(name, used, share(used.calls, most)) for name, used in endpoints],
            "standings": reports.standings(self.person),
            "tier": self.person.tier,
        }
        return self.page("accounts/usage.html", **context)
