"""What must be true after every disaster."""

from __future__ import annotations

from tests.polling import eventually
from tests.stack.harness import voxreel
from tests.stack.resilience.cluster import Cluster
from tests.stack.resilience.load import Load

_WITHIN_S = 300
_OPEN_HOLDS = "SELECT count(*) FROM holds WHERE state = 'open'"
_TASKS = "SELECT count(*) FROM tasks"
_ENDS = "SELECT count(*) FROM outbox WHERE subject = 'evt.speech.task.succeeded'"


async def check_nothing_is_lost(cluster: Cluster, load: Load) -> None:
    """Every accepted task has succeeded, once, and was paid for once; the user has what is left to the credit."""
    async with load.at("aftermath"), load.paused():
        await load.wait_ended()
        await eventually(lambda: cluster.database.number("billing", _OPEN_HOLDS) == 0, within_s=_WITHIN_S)
        assert (await load.ask("profile", "GET", "/api/user/profile"))["credits"] == load.credits
        assert len(set(load.tasks)) == len(load.tasks), "two requests got the same task"
        assert cluster.database.number("speech", _TASKS) == len(load.tasks), "a task was made twice"
        assert cluster.database.number("speech", _ENDS) == len(load.tasks), "a task has ended twice"


async def check_ledger(cluster: Cluster) -> None:
    """`voxreel ledger verify` finds nothing."""
    status, output = await voxreel("ledger", "verify", "--url", cluster.database.url("billing"))
    assert status == 0, output
