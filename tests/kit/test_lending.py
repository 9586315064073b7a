"""Connections in hand: taken once for many reads, given back when something goes wrong, and never all of them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import pytest

from marketplace.kit import database
from marketplace.kit.connections import Connection
from marketplace.kit.lending import IDLE_S, Hand


@asynccontextmanager
async def a_hand(url: str, most: int = 4) -> AsyncGenerator[tuple[Hand, Any]]:
    """A hand over a pool of its own."""
    pool: Any = cast(Any, asyncpg).create_pool(
        **database.credentials(url), min_size=1, max_size=most, connection_class=Connection
    )
    async with pool:
        hand = Hand(pool)
        yield hand, pool
        await hand.empty()


async def backend(hand: Hand) -> int:
    return (await hand.fetch("SELECT pg_backend_pid()", ()))[0][0]


async def test_one_after_another_they_use_the_same_connection(database_url: str):
    async with a_hand(database_url) as (hand, _):
        assert len({await backend(hand) for _ in range(5)}) == 1


async def test_half_of_the_pool_is_for_others(database_url: str):
    async with a_hand(database_url) as (hand, pool):
        slow = [asyncio.create_task(hand.fetch("SELECT pg_sleep(0.2)", ())) for _ in range(2)]
        await asyncio.sleep(0.1)
        full = hand.is_full
        async with asyncio.timeout(5), pool.acquire() as one, pool.acquire() as other:
            answers = [await one.fetchval("SELECT 1"), await other.fetchval("SELECT 2")]
        await asyncio.gather(*slow)

        assert (full, hand.is_full, answers) == (True, False, [1, 2])


async def test_the_only_connection_of_a_pool_is_never_in_hand(database_url: str):
    async with a_hand(database_url, most=1) as (hand, _):
        assert hand.is_full


async def test_after_an_error_the_connection_is_the_pools_again(database_url: str):
    async with a_hand(database_url) as (hand, pool):
        with pytest.raises(asyncpg.PostgresError):
            await hand.fetch("SELECT 1 / 0", ())

        assert pool.get_idle_size() == pool.get_size()
        assert await backend(hand)


async def test_who_is_cancelled_leaves_nothing_in_hand(database_url: str):
    async with a_hand(database_url) as (hand, pool):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await hand.fetch("SELECT pg_sleep(30)", ())

        assert pool.get_idle_size() == pool.get_size()
        assert await backend(hand)


async def test_a_connection_that_was_cut_is_replaced(database_url: str):
    async with a_hand(database_url) as (hand, pool):
        cut = await backend(hand)
        async with pool.acquire() as other:
            await other.execute("SELECT pg_terminate_backend($1)", cut)
        await asyncio.sleep(0.2)

        assert await backend(hand) != cut


async def test_what_is_busy_while_the_hand_is_emptied_goes_back_when_it_is_done(database_url: str):
    async with a_hand(database_url) as (hand, pool):
        busy = asyncio.create_task(hand.fetch("SELECT pg_sleep(0.2)", ()))
        await asyncio.sleep(0.1)
        await hand.empty()
        await busy

        assert pool.get_idle_size() == pool.get_size()


async def test_once_nothing_is_read_the_whole_pool_is_free(database_url: str):
    async with a_hand(database_url) as (hand, pool):
        await backend(hand)
        in_hand = pool.get_size() - pool.get_idle_size()
        await asyncio.sleep(IDLE_S * 4)

        assert (in_hand, pool.get_size() - pool.get_idle_size()) == (1, 0)
        assert await backend(hand)


async def test_while_others_have_the_rest_nothing_stays_in_hand(database_url: str):
    async with a_hand(database_url, most=2) as (hand, pool):
        async with pool.acquire():
            await backend(hand)
            async with asyncio.timeout(5), pool.acquire() as other:
                answer = await other.fetchval("SELECT 1")

        assert answer == 1
