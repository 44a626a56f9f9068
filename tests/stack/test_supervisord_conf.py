"""The generated configuration of supervisord."""

import configparser
import sys

import pytest

from arb.stack.errors import StackError
from arb.stack.home import Home
from arb.stack.process_spec import Phase, ProcessSpec
from arb.stack.supervisord_conf import configuration


def parsed(home: Home, *specs: ProcessSpec) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))  # as supervisord reads it
    parser.read_string(configuration(home, specs))
    return parser


def a_spec(**changes) -> ProcessSpec:
    return ProcessSpec(
        **{"name": "worker", "command": ("run", "-n", "w@%h"), "phase": Phase.WORKERS, **changes}
    )


def test_percent_signs_are_escaped(home):
    assert parsed(home, a_spec())["program:worker"]["command"].endswith("-- run -n w@%%h")


def test_programs_restart_for_ever_and_stop_as_a_group(home):
    program = parsed(home, a_spec(stop_signal="INT", stop_wait_s=7))["program:worker"]
    assert (program["autorestart"], program["startretries"]) == ("true", "1000000000")
    assert (program["stopsignal"], program["stopwaitsecs"]) == ("INT", "7")
    assert (program["stopasgroup"], program["killasgroup"]) == ("true", "true")


@pytest.mark.parametrize("argument", ["a ;b", "a #b", "a\nb"])
def test_what_the_format_cannot_hold_is_refused(home, argument):
    with pytest.raises(StackError, match="cannot hold"):
        configuration(home, [a_spec(command=("run", argument))])


@pytest.mark.parametrize("value", ['a"b', "a'b", "a\\b"])
def test_an_environment_that_cannot_be_quoted_is_refused(home, value):
    with pytest.raises(StackError, match="no quote"):
        configuration(home, [a_spec(environment={"KEY": value})])


def test_what_modules_have_in_common_is_loaded_only_where_there_are_any(home):
    assert "rpcinterface:fork" not in parsed(home, a_spec())
    assert "rpcinterface:fork" in parsed(
        home, a_spec(), a_spec(name="m", command=(sys.executable, "-m", "m"))
    )
