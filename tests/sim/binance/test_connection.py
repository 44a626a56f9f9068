"""Keepalive: the venue pings, and ends connections that stay silent or grow old."""

import asyncio
import json

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from arb.adapters.local.clock import SystemClock
from arb.sim.binance.connection import BinanceConnection, Keepalive, accept


def converse(terms, scene):
    """Serve one connection under `terms` and return what `scene` makes of the client's end."""

    async def serve(request):
        socket = await accept(request)
        await BinanceConnection(socket, SystemClock(), terms).run(lambda text: None)
        return socket

    async def scenario():
        app = web.Application()
        app.router.add_get("/", serve)
        async with (
            TestServer(app) as server,
            ClientSession() as session,
            session.ws_connect(server.make_url("/"), autoping=False) as socket,
        ):
            return await asyncio.wait_for(scene(socket), 10)

    return asyncio.run(scenario())


async def pings_until_the_end(socket):
    """Count pings without answering any; return how many, and the code that the end came with."""
    pings = 0
    while (message := await socket.receive()).type is WSMsgType.PING:
        pings += 1
    assert message.type is WSMsgType.CLOSE
    return pings, message.data


async def answer_pings(socket):
    """Answer five pings with their payload."""
    for _ in range(5):
        message = await socket.receive()
        if message.type is not WSMsgType.PING:
            return message.type
        await socket.pong(message.data)
    return None


async def texts_until_the_end(socket):
    texts = []
    while (message := await socket.receive()).type in (WSMsgType.PING, WSMsgType.TEXT):
        if message.type is WSMsgType.TEXT:
            texts.append(json.loads(message.data)["e"])
    return texts, message.type


def test_client_that_never_pongs_is_disconnected():
    pings, code = converse(Keepalive(ping_s=0.01, pong_s=0.5), pings_until_the_end)
    assert pings >= 2
    assert code == 1008


def test_client_that_pongs_stays():
    assert converse(Keepalive(ping_s=0.02, pong_s=5, messages_per_s=100), answer_pings) is None


def test_old_connection_is_warned_and_closed():
    texts, end = converse(Keepalive(ping_s=0.01, life_s=0.02), texts_until_the_end)
    assert texts == ["serverShutdown"]
    assert end is WSMsgType.CLOSE


@pytest.mark.parametrize("messages", [5, 6])
def test_the_sixth_message_in_a_second_disconnects(messages):
    async def scene(socket):
        for _ in range(messages):
            await socket.send_str("{}")
        try:
            return (await socket.receive(timeout=0.2)).type
        except TimeoutError:
            return None

    assert converse(Keepalive(), scene) is (None if messages == 5 else WSMsgType.CLOSE)
