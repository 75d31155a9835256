#!/usr/bin/env python3
"""A registry in an asyncio loop: one descriptor beside all others of the host, and no thread of the library.

    asyncio_host.py STORE COMMAND...

Starts each argument as a command, all at once, and prints their lines as they come and how they end, while a server of the
same loop answers a client.
"""
import asyncio
import sys
import threading

import tether


async def show(task: tether.Task) -> None:
    async for line in task.output():
        print("%s: %s" % (task.id, line), flush=True)
    end = await task
    print("%s %s: %s, exit code %s" % (end.task_id, end.command, end.status.name.lower(), end.exit_code), flush=True)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"tasks run: " + await reader.readline())
    await writer.drain()
    writer.close()


async def ask(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"yes\n")
    text = (await reader.readline()).decode().strip()
    writer.close()
    return text


async def main(store: str, commands: "list[str]") -> int:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with tether.Registry(store=store) as registry:
        shown = [asyncio.ensure_future(show(await registry.spawn(command))) for command in commands]
        print(await ask(server.sockets[0].getsockname()[1]))
        await asyncio.gather(*shown)
        print("threads:", threading.active_count() - 1, "for calls that may take long")
        async for completion in registry.completions(follow=False):
            print("completed", completion.task_id)
    server.close()
    return 0


if len(sys.argv) < 3:
    sys.exit("usage: asyncio_host.py STORE COMMAND...")
try:
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2:])))
except tether.Error as problem:
    sys.exit("asyncio_host: %s" % problem)
