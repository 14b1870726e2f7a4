"""The roof as an app: it brings the Celery app along, so that every process knows the broker."""

from django.apps import AppConfig

from cryptodt import checks
from cryptodt.celery import app as celery_app


class RoofConfig(AppConfig):
    name = "cryptodt"
    celery_app = celery_app
    checks = (checks.check_shape,)
