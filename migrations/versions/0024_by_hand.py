"""What a person decides: coins of which nothing is opened, by mode and group, and pairs to be closed."""

from alembic import op

revision = "0024"
down_revision = "0023"

BY_HAND = """
CREATE TABLE coin_pauses (
    coin_pause_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    group_name text NOT NULL,
    coin text NOT NULL,
    paused_at_ns bigint NOT NULL,
    paused_by text NOT NULL,
    reason text NOT NULL,
    resumed_at_ns bigint NOT NULL DEFAULT 0,
    resumed_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX coin_pauses_in_force ON coin_pauses (environment, group_name, coin)
    WHERE resumed_at_ns = 0;
CREATE TABLE close_requests (
    close_request_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id text NOT NULL REFERENCES sessions,
    trade_id text NOT NULL REFERENCES trades,
    asked_by text NOT NULL,
    asked_at_ns bigint NOT NULL,
    lasts_ns bigint NOT NULL CHECK (lasts_ns > 0),
    earned_bps_min numeric NOT NULL
);
CREATE INDEX close_requests_by_trade ON close_requests (session_id, trade_id);
"""


def upgrade() -> None:
    op.execute(BY_HAND)
