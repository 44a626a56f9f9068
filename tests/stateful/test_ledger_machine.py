"""Whatever is opened, sent, lost, reported and reported again: the books are even to the last digit."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from arb.domain.errors import IllegalTransition
from arb.domain.ledger.ledger import totals, venue_account
from arb.domain.market.money import ZERO
from arb.domain.risk.review import Approved
from arb.domain.trading.order import OrderState
from tests.contracts import world
from tests.contracts.backends import memory_stores, sums
from tests.domain.markets import PAIR

REPORTED = (
    OrderState.ACCEPTED,
    OrderState.PARTIALLY_FILLED,
    OrderState.FILLED,
    OrderState.CANCELED,
    OrderState.EXPIRED,
)
NOW_NS = world.NOW_NS


class LedgerMachine(RuleBasedStateMachine):
    """The stores, and a model of both venues' balances beside them."""

    orders = Bundle("orders")

    @initialize()
    def begin(self):
        self.stores = memory_stores()
        self.session = world.session()
        self.stores.sessions.create(self.session)
        for entry in world.openings(self.session.session_id):
            self.stores.trades.book_entry(self.session.session_id, entry, NOW_NS)
        self.held = {(venue, asset): amount for venue, funds in world.FUNDS.items()
                     for asset, amount in funds.items()}  # fmt: skip
        self.known = defaultdict(dict)

    @rule(target=orders, direction=st.sampled_from(PAIR.directions), lots=st.integers(1, 9))
    def open_pair(self, direction, lots):
        quantity = f"0.0{lots}"
        opening = world.opening(self.session.session_id, quantity=quantity, direction=direction)
        verdict = self.stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
        if not isinstance(verdict, Approved):
            return multiple()
        return multiple(*(order.client_order_id for order in opening.orders))

    @rule(order_id=orders, late=st.booleans())
    def claim(self, order_id, late):
        self.stores.trades.claim(order_id, NOW_NS + (world.LIFETIME_NS if late else 0))

    @rule(order_id=orders, fence=st.integers(0, 3), verb=st.sampled_from(["release", "lose"]))
    def give_up(self, order_id, fence, verb):
        getattr(self.stores.trades, verb)(order_id, fence, "why", NOW_NS)

    @rule(order_id=orders, status=st.sampled_from(REPORTED), share=st.integers(0, 10), repeat=st.booleans())
    def report(self, order_id, status, share, repeat):
        """The venue executes a part of what is left, and tells all of it, perhaps twice."""
        order = self.stores.trades.order(order_id)
        if order.state in (OrderState.INTENT, OrderState.REJECTED) or order.fence == 0:
            return
        self._execute(order, (order.quantity - order.filled_quantity) * share / 10)
        report = world.report(order, status, *self.known[order_id].values())
        for _ in range(1 + repeat):
            self.stores.trades.record(report, NOW_NS)

    def _execute(self, order, quantity):
        if not quantity:
            return
        fill = world.fill(order, quantity)
        self.known[order.client_order_id][fill.fill_id] = fill
        coin, _, quote = order.symbol.partition("/")
        self.held[order.venue, coin] += order.side.sign * fill.quantity
        self.held[order.venue, quote] -= order.side.sign * fill.quantity * fill.price
        self.held[order.venue, fill.fee_asset] -= fill.fee

    @rule(order_id=orders)
    def prove_absent(self, order_id):
        order = self.stores.trades.order(order_id)
        try:
            self.stores.trades.absent(order_id, "not found", NOW_NS)
        except IllegalTransition:
            assert order.state is not OrderState.UNKNOWN
        assert self.stores.trades.order(order_id).fills == order.fills

    @rule(order_id=orders)
    def reject(self, order_id):
        order = self.stores.trades.order(order_id)
        if order.state in (OrderState.SUBMITTED, OrderState.UNKNOWN):
            self.stores.trades.record(world.report(order, OrderState.REJECTED, reason="no"), NOW_NS)

    @invariant()
    def every_asset_sums_to_zero(self):
        assert set(totals(self.stores.inside.postings(self.session.session_id)).values()) == {ZERO}

    @invariant()
    def balances_are_the_sum_of_the_postings(self):
        postings = self.stores.inside.postings(self.session.session_id)
        assert sums(postings) == self.stores.inside.balances(self.session.session_id)

    @invariant()
    def the_ledger_is_what_the_venues_hold(self):
        assert self.stores.trades.balances(self.session.session_id) == self.held

    @invariant()
    def fees_are_what_was_charged(self):
        charged = defaultdict(Decimal)
        for view in self.stores.trades.active(self.session.session_id):
            for order in view.orders:
                for fill in order.fills:
                    charged[f"fees:{order.venue}", fill.fee_asset] += fill.fee
        balances = self.stores.inside.balances(self.session.session_id)
        assert charged == {key: amount for key, amount in balances.items() if key[0].startswith("fees:")}

    @invariant()
    def holds_follow_their_orders(self):
        for view in self.stores.trades.active(self.session.session_id):
            for order in view.orders:
                reserved = self.stores.inside.hold(order.client_order_id) == "reserved"
                assert reserved is not order.is_terminal

    @invariant()
    def accounts_of_both_venues_exist(self):
        balances = self.stores.inside.balances(self.session.session_id)
        assert {venue_account(venue) for venue in PAIR.venues} <= {account for account, _ in balances}


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
