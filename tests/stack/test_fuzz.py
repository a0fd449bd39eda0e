"""The running platform against its own OpenAPI description: schemathesis makes up requests and checks each reply.

Few inputs for each endpoint by default; `make fuzz` sends many. `FUZZ_EXAMPLES` and `FUZZ_SEED` say how many and which.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.stack.client import Client, client_of
from tests.stack.harness import Stack, environment, stack

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
_CONFIG = Path(__file__).parent / "fuzz" / "schemathesis.toml"
_CREDITS = 1_000_000
_CASES = re.compile(r"(\d+) generated, (\d+) passed")

pytestmark = [
    pytest.mark.long,
    pytest.mark.stack,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(max(240, 10 * EXAMPLES)),
]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A stack and who is there: an administrator and a user who call, and a user to whom anything may be done."""

    stack: Stack
    admin: Client
    user: Client
    victim_id: int

    async def run(self, caller: Client) -> int:
        """How many cases passed. Fails with what schemathesis says when one did not."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", _CONFIG, "--no-color", "run", f"{self.stack.base_url}/openapi.json"),
            *("--seed", str(SEED), "--max-examples", str(EXAMPLES), "--no-shrink"),
            stdout=PIPE,
            stderr=STDOUT,
            env=environment(
                SCHEMATHESIS_HOOKS="tests.stack.fuzz.hooks",
                FUZZ_TOKEN=caller.token,
                FUZZ_SPARED_USERS=f"{self.admin.user_id},{self.user.user_id}",
                FUZZ_VICTIM_USER=str(self.victim_id),
            ),
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        told = output.decode()
        assert process.returncode == 0, told
        counted = _CASES.search(told)
        assert counted is not None, told
        made, passed = map(int, counted.groups())
        assert passed == made, told
        # A run whose caller was locked out would find nothing either.
        assert (await caller.call("GET", "/api/user/profile")).status == 200
        return passed


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fuzzed]:
    async with AsyncExitStack() as entered:
        running = await entered.enter_async_context(stack(tmp_path_factory.mktemp("fuzz") / "data", "--single-process"))
        admin, user, victim = [await entered.enter_async_context(client_of(running)) for _ in range(3)]
        await admin.login("admin", running.admin_password)
        admin.user_id = (await admin.call("GET", "/api/user/profile")).body["id"]
        for each in (user, victim):
            await each.register()
            await admin.call(
                "POST", f"/api/user/admin/users/{each.user_id}/credits/recharge", params={"amount": _CREDITS}
            )
        yield Fuzzed(running, admin, user, victim.user_id)


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_what_is_made_up_is_answered_as_described(fuzzed: Fuzzed, role: str) -> None:
    cases = await fuzzed.run(fuzzed.admin if role == "admin" else fuzzed.user)
    assert cases > 3000
    sys.stdout.write(f"\n{role}: {cases} cases\n")
