"""A server that is not ours, for proving that the clients in this folder are driven rightly.

One JSON object as the argument; one JSON object on a line of standard output for each thing that happens.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import ssl
import sys

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult, MISSING

options = json.loads(sys.argv[1])
USER, PASSWORD = options.get("user", "alice"), options.get("password", "secret")
replies = list(options.get("replies", []))


def tell(**event):
    print(json.dumps(event), flush=True)


def b64(data):
    return base64.b64encode(data).decode()


def ok(mechanism, right):
    tell(event="auth", mechanism=mechanism, ok=bool(right))
    return AuthResult(success=bool(right), handled=True, auth_data=mechanism if right else None) if right else \
        AuthResult(success=False, handled=False)


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses

    async def handle_PROXY(self, server, session, envelope, proxy):
        tlvs = sorted(proxy.tlv) if proxy.version == 2 and proxy.rest else []
        tell(event="proxy", tlvs=tlvs, version=proxy.version, command=["LOCAL", "PROXY"][int(proxy.command)] if proxy.version == 2 else None, source=str(proxy.src_addr))
        return True

    async def handle_DATA(self, server, session, envelope):
        reply = replies.pop(0) if replies else "250 2.0.0 Ok"
        tls = server.transport.get_extra_info("ssl_object")
        peer = tls.getpeercert() if tls else None
        tell(
            event="message", reply=reply, helo=session.host_name, extended=session.extended_smtp,
            auth=session.auth_data if session.authenticated else None, tls=tls.version() if tls else None,
            certificate=dict(field[0] for field in peer["subject"]).get("commonName") if peer else None,
            **{"from": "" if envelope.mail_from == "<>" else envelope.mail_from, "to": envelope.rcpt_tos},
            mail_options=envelope.mail_options, data=b64(envelope.original_content),
        )
        return reply

    async def first(self, server, args):
        return base64.b64decode(args[1]) if len(args) > 1 and args[1] != "=" else await server.challenge_auth("")

    async def auth_CRAM__MD5(self, server, args):
        challenge = b"<1.2@reference.test>"
        answer = await server.challenge_auth(challenge)
        if answer is MISSING:
            return MISSING
        right = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
        return ok("CRAM-MD5", answer == f"{USER} {right}".encode())

    async def auth_XOAUTH2(self, server, args):
        answer = await self.first(server, args)
        return ok("XOAUTH2", answer == f"user={USER}\1auth=Bearer {PASSWORD}\1\1".encode())

    async def auth_OAUTHBEARER(self, server, args):
        answer = await self.first(server, args)
        return ok("OAUTHBEARER", f"\1auth=Bearer {PASSWORD}\1".encode() in answer and f"a={USER},".encode() in answer)

    async def auth_EXTERNAL(self, server, args):
        answer = await self.first(server, args)
        tls = server.transport.get_extra_info("ssl_object")
        return ok("EXTERNAL", answer is not MISSING and tls and tls.getpeercert())

    async def scram(self, server, args, digest):
        first = (await self.first(server, args)).decode()
        bare = first.split(",", 2)[2]
        salt, count = b"postern-salt", 4096
        nonce = dict(part.split("=", 1) for part in bare.split(","))["r"] + "server"
        second = f"r={nonce},s={b64(salt)},i={count}"
        final = (await server.challenge_auth(second.encode())).decode()
        without, proof = final.rsplit(",p=", 1)
        salted = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), salt, count)
        sign = lambda key, text: hmac.new(key, text.encode(), digest).digest()
        client, text = sign(salted, "Client Key"), f"{bare},{second},{without}"
        signature = sign(hashlib.new(digest, client).digest(), text)
        right = bytes(a ^ b for a, b in zip(client, signature)) == base64.b64decode(proof)
        if right:
            await server.challenge_auth(b"v=" + base64.b64encode(sign(sign(salted, "Server Key"), text)))
        return ok("SCRAM", right and f"n={USER}," in bare)

    async def auth_SCRAM__SHA__1(self, server, args):
        return await self.scram(server, args, "sha1")

    async def auth_SCRAM__SHA__256(self, server, args):
        return await self.scram(server, args, "sha256")


def authenticate(server, session, envelope, mechanism, data):
    return ok(mechanism, data.login == USER.encode() and data.password == PASSWORD.encode())


async def main():
    context = None
    if "cert" in options:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options["cert"], options["key"])
        if "ca" in options:
            context.load_verify_locations(options["ca"])
            context.verify_mode = ssl.CERT_OPTIONAL
    implicit = options.get("implicitTls", False)
    exclude = {"PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "SCRAM-SHA-1", "SCRAM-SHA-256"}
    kind = LMTP if options.get("lmtp") else SMTP

    def server():
        return kind(
            Handler(), hostname="reference.test", enable_SMTPUTF8=True, decode_data=False,
            tls_context=None if implicit else context, auth_require_tls=False, authenticator=authenticate,
            auth_exclude_mechanism=exclude - set(options.get("mechanisms", [])),
            proxy_protocol_timeout=5 if options.get("proxy") else None,
        )

    loop = asyncio.get_running_loop()
    encrypted = context if implicit else None
    if "unix" in options:
        await loop.create_unix_server(server, options["unix"], ssl=encrypted)
        os.chmod(options["unix"], 0o666)
        tell(event="listening", port=0)
    else:
        listener = await loop.create_server(server, "127.0.0.1", 0, ssl=encrypted)
        tell(event="listening", port=listener.sockets[0].getsockname()[1])
    # The test closes standard input, or ends altogether: either is the end of this process too.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
