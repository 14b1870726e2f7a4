"""One writer a series at a time, and what it writes is there in whole or not at all."""

import contextlib
from collections.abc import Iterator

from django.db import transaction

from market.models import Series


@contextlib.contextmanager
def writing(series: Series) -> Iterator[None]:
    """Hold a series until the block is committed. Blocks may lie in one another.

    It is taken before anything else is, so that two writers never wait for each other; and a
    process that dies in the block leaves nothing of it.
    """
    with transaction.atomic():
        Series.objects.select_for_update(no_key=True).only("pk").get(pk=series.pk)
        yield
