"""The pace at which inventory goes: what fills made of it, and no deposit."""

from decimal import Decimal

import pytest
from sqlalchemy import Engine

from arb.adapters.postgres.inventory import changes_since
from arb.domain.market.ids import Venue
from tests.contracts import world
from tests.contracts.backends import sql_stores
from tests.contracts.test_currencies import filled, opened

pytestmark = pytest.mark.integration


def test_fills_count_from_their_time_on_and_openings_do_not(database: Engine):
    stores, session = sql_stores(database), world.session()
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, world.NOW_NS)
    assert changes_since(database, session.session_id, 0) == {}
    opening = opened(stores, session)
    filled(stores, opening)
    found = changes_since(database, session.session_id, world.NOW_NS)
    assert found[Venue.UPBIT, "BTC"] == -opening.trade.quantity
    assert found[Venue.UPBIT, "KRW"] > 0 > found[Venue.BINANCE, "USDT"]
    assert found[Venue.BINANCE, "BTC"] > Decimal(0)
    assert changes_since(database, session.session_id, world.NOW_NS + 10**12) == {}
