"""A program that `mypy --strict` checks: it accepts what is right, and finds what is wrong (an ignore without use is an error)."""
import asyncio
from typing import List, Optional

import tether
import tether.sync


async def right(registry: tether.Registry) -> Optional[int]:
    task: tether.Task = await registry.spawn(["make", b"check"], env_set={"A": "b"}, timeout_ms=tether.NO_TIMEOUT, output="pipe",
                                             supervisor=tether.Supervisor.MONITOR, input=b"x", workdir="/")
    lines: List[str] = [line async for line in task.output()]
    async for chunk in task.chunks():
        lines.append(chunk.data.decode())
    async for match in task.watch("x", once=True):
        lines.append(match.text.decode())
    async with registry.completions(follow=False) as completions:
        async for completion in completions:
            lines.append(completion.command)
    outcome: tether.Outcome = await registry.run("true", wait_ms=100, kill_on_cancel=True)
    try:
        await task.kill(grace_ms=100)
    except tether.NoTaskError as error:
        lines.append(error.name + error.step + str(error.os_error + error.code))
    snapshot: tether.Snapshot = await task
    return snapshot.exit_code or outcome.snapshot.exit_code


async def wrong(registry: tether.Registry) -> None:
    await registry.spawn("true", timout_ms=1)  # type: ignore[call-arg]
    await registry.spawn("true", timeout_ms="1")  # type: ignore[arg-type]
    tether.Registry(stor="x")  # type: ignore[call-arg]
    tether.sync.Registry(dispatch=True)  # type: ignore[call-arg]
    code: int = (await (await registry.spawn("true"))).exit_code  # type: ignore[assignment]
    del code


def synchronous() -> str:
    with tether.sync.Registry(session="s", on_event=lambda event: print(event.kind)) as registry:
        task: tether.sync.Task = registry.spawn("true", merge_output=True)
        return task.wait().command + registry.run("true").text


if __name__ == "__main__":
    asyncio.run(right(tether.Registry()))  # only to be checked
