"""The plan of a stack."""

from arb.domain.market.ids import Venue
from arb.stack.processes import stack_processes


def test_mock_mode_has_simulators_and_the_others_have_none(home):
    names = {
        mode: {each.name for each in stack_processes(mode, home).processes}
        for mode in ("mock", "paper", "live")
    }
    assert names["live"] == names["mock"] - {f"sim-{venue}" for venue in Venue}
    assert names["paper"] == names["live"] - {"stream"}
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
