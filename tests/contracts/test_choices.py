"""Which coins were chosen last for a session that names none."""

from arb.domain.market.choice import Choice
from arb.domain.market.ids import Coin
from tests.contracts import world


def test_the_last_choice_of_each_session_is_kept(stores, session):
    other = world.session()
    stores.sessions.create(other)
    assert stores.choices.read(session.session_id) is None
    first = Choice(coins=(Coin("XRP"), Coin("BTC")), left_out={Coin("ADA"): "no room"}, chosen_at_ns=5)
    stores.choices.keep(session.session_id, first)
    assert stores.choices.read(session.session_id) == first
    second = Choice(coins=(Coin("XRP"),), left_out={}, chosen_at_ns=9)
    stores.choices.keep(session.session_id, second)
    assert stores.choices.read(session.session_id) == second
    assert stores.choices.read(other.session_id) is None
