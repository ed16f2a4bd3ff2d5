"""A mail server for tests: STARTTLS and AUTH by aiosmtpd, one line of JSON for each mail that it takes.

Usage: smtp_server.py CERTIFICATE KEY. The first line is its port."""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in mail.walk() if not part.is_multipart()]
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "structure": [part.get_content_type() for part in mail.walk()],
            "headers": [[name, str(value)] for name, value in mail.items()],
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
            "text": parts[0].get_content(),
            "html": parts[1].get_content() if len(parts) > 1 else "",
        }), flush=True)
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"narthex", b"hunter2-canary")
    return AuthResult(success=is_known, handled=False)


async def main(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticator}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:3]))
