"""Settings in the shape of the configuration files."""

from decimal import Decimal

import yaml

from arb.cli.views.settings_view import settings_tree, settings_yaml
from config.settings import load

SECRET = {"ARB_DATABASE_URL": "postgresql://me:hidden@db/arb", "ARB_STRATEGY__NOTIONAL_USDT": "1e3"}


def test_yaml_and_json_are_the_same_tree_of_plain_values() -> None:
    settings = load("mock", SECRET)
    tree = settings_tree(settings)
    assert yaml.safe_load(settings_yaml(settings)) == tree
    assert (tree["mode"], tree["strategy"]["notional_usdt"]) == ("mock", "1000")
    assert settings.strategy.notional_usdt == Decimal(1000)


def test_secrets_are_stars() -> None:
    text = settings_yaml(load("mock", SECRET))
    assert "hidden" not in text
    assert "database_url: '**********'" in text
