"""A mail server for tests, by aiosmtpd: says in one line of JSON what comes, and answers as a file says.

Usage: mail_server.py FILE. The first line is its port. The file holds one word:

    take    it has the mail, and says so
    slow    it has the mail, and says so after a tenth of a second
    silent  it has the mail, and never says so
    hang    it never says anything
    later   451
    drop    it closes the connection
    flood   it answers without an end
"""

import asyncio
import base64
import email
import email.policy
import json
import pathlib
import sys

from aiosmtpd.smtp import SMTP

HAS_IT = {"take", "slow", "silent"}


class Handler:
    def __init__(self, file):
        self.file = file

    async def handle_DATA(self, server, session, envelope):
        answer = self.file.read_text()
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in mail.walk() if not part.is_multipart()]
        print(json.dumps({
            "answer": answer,
            "is_taken": answer in HAS_IT,
            "id": mail["Message-Id"],
            "subject": mail["Subject"],
            "to": envelope.rcpt_tos,
            "structure": [part.get_content_type() for part in mail.walk()],
            "pictures": {part["Content-ID"]: base64.b64encode(part.get_content()).decode()
                         for part in parts if part["Content-ID"]},
            "text": parts[0].get_content(),
            "html": parts[1].get_content(),
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
            "mail": base64.b64encode(envelope.content).decode(),
        }), flush=True)
        if answer == "slow":
            await asyncio.sleep(0.1)
        if answer in ("silent", "hang"):
            await asyncio.Event().wait()
        if answer == "drop":
            server.transport.abort()
        while answer == "flood" and not server.transport.is_closing():
            server.transport.write(b"250-and more\r\n" * 100)
            await asyncio.sleep(0)
        return "250 OK" if answer in HAS_IT else "451 4.7.1 later"


async def main(file):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(pathlib.Path(file))), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
