"""Signs of life, on both engines: counted by life, read by others, ended by a stop or by whoever sees that they are gone."""

from tectonics.ports import NodeSign
from tectonics.store.nodes import GONE, SERVING, STOPPED
from tests.store.building import credit, unit


def test_signs_count_on_over_lives_and_show_a_stop(world):
    first = world.open("n1")
    assert world.wait(first.nodes.all()) == []
    for moment in (10, 20):
        world.wait(first.nodes.sign(SERVING, moment))
    assert world.wait(first.nodes.all()) == [NodeSign("n1", 1, 2, SERVING, 20)]
    world.wait(first.nodes.sign(STOPPED, 30))
    second = world.open("n2")
    world.wait(second.nodes.sign(SERVING, 31))
    again = world.open("n1")
    world.wait(again.nodes.sign(SERVING, 40))
    assert world.wait(second.nodes.all()) == [NodeSign("n1", 2, 4, SERVING, 40), NodeSign("n2", 1, 1, SERVING, 31)]


def test_a_node_is_gone_only_where_it_gave_no_sign_since(world):
    lost, watching = world.open("n1"), world.open("n2")
    world.wait(lost.nodes.sign(SERVING, 10))
    world.wait(lost.nodes.sign(SERVING, 20))
    world.wait(watching.nodes.gone("n1", 1))
    assert world.wait(watching.nodes.all())[0].state == SERVING
    world.wait(watching.nodes.gone("n1", 2))
    assert world.wait(watching.nodes.all())[0].state == GONE
    world.wait(lost.nodes.sign(SERVING, 50))
    assert world.wait(watching.nodes.all())[0].state == SERVING


def test_what_a_node_had_begun(world):
    one, other = world.open("n1"), world.open("n2")
    assert not world.wait(other.nodes.has_work("n1"))
    world.wait(one.store.commit(unit(1, commands=(credit(1),))))
    assert world.wait(other.nodes.has_work("n1")) and not world.wait(other.nodes.has_work("n2"))
