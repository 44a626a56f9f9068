"""An account is one venue's. The name that stood for both of a session is that of each until keys are named.

`account_keys` says which account a key opens, by a fingerprint, and what an account was called before.
"""

from alembic import op

revision = "0026"
down_revision = "0025"

ACCOUNTS = """
CREATE TABLE session_accounts (
    session_id text NOT NULL REFERENCES sessions,
    environment text NOT NULL,
    venue text NOT NULL,
    account text NOT NULL,
    PRIMARY KEY (session_id, venue)
);
CREATE INDEX session_accounts_shared ON session_accounts (environment, venue, account);
INSERT INTO session_accounts
    SELECT session_id, environment, venue, account
    FROM sessions CROSS JOIN (VALUES ('upbit'), ('binance')) AS pair (venue);
ALTER TABLE sessions DROP COLUMN account;

CREATE TABLE account_keys (
    environment text NOT NULL,
    venue text NOT NULL,
    fingerprint text NOT NULL,
    account text NOT NULL,
    told boolean NOT NULL,
    named_at_ns bigint NOT NULL,
    PRIMARY KEY (environment, venue, fingerprint)
);
"""


def upgrade() -> None:
    op.execute(ACCOUNTS)
