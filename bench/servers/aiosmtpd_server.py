"""aiosmtpd as a contestant, with the body read. Argument: the port."""

import asyncio
import sys

from aiosmtpd.smtp import SMTP


class Reader:
    async def handle_DATA(self, server, session, envelope):
        return "250 Ok" if len(envelope.content) > 0 else "451 Empty"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Reader(), hostname="mx.test", loop=loop), "127.0.0.1", int(sys.argv[1])
    )
    await server.serve_forever()


asyncio.run(main())
