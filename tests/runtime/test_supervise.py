"""The generated configuration, and the plan of a stack."""

import configparser

import pytest

from arb.runtime.errors import StackError
from arb.runtime.home import Home
from arb.runtime.process_spec import Phase, ProcessSpec
from arb.runtime.processes import stack_processes
from arb.runtime.supervise import configuration


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


def test_mock_mode_has_simulators_and_the_others_have_none(home):
    names = {
        mode: {each.name for each in stack_processes(mode, home).processes}
        for mode in ("mock", "paper", "live")
    }
    assert names["paper"] == names["live"] == names["mock"] - {"sim-binance", "sim-upbit"}
    assert {"feed", "beat", "flower", "worker-orders", "worker-evaluate", "worker-fallback"} < names["live"]


def test_a_plan_keeps_its_ports_and_passwords(home):
    one, two = stack_processes("mock", home), stack_processes("mock", home)
    assert one.simulators == two.simulators
    assert one.flower_url == two.flower_url
    assert one == two


def test_flowers_password_is_in_no_argument(home):
    plan = stack_processes("mock", home)
    (flower,) = [each for each in plan.processes if each.name == "flower"]
    user, password = plan.flower_credentials.read_text().strip().split(":")
    assert user == "arb"
    assert flower.environment["FLOWER_BASIC_AUTH"] == f"{user}:{password}"
    assert not any(password in argument for argument in flower.command)


def test_copies_of_a_worker_have_their_own_node_names(home):
    plan = stack_processes("mock", home, evaluate_workers=2)
    (worker,) = [each for each in plan.processes if each.name == "worker-evaluate"]
    nodes = [each.command[each.command.index("-n") + 1] for each in worker.expanded()]
    assert nodes == ["evaluate1@%h", "evaluate2@%h"]
