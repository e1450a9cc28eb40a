"""Sends one message with smtplib. One JSON object on standard input tells how."""

import base64
import json
import smtplib
import socket
import ssl
import sys

job = json.loads(sys.stdin.read())
auth, tls, helo = job.get("auth"), job.get("tls", "none"), job.get("helo", "client.test")
context = ssl.create_default_context(cafile=job.get("ca"))
if not job.get("ca"):
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
if job.get("certificate"):
    context.load_cert_chain(job["certificate"]["cert"], job["certificate"]["key"])


class Named(smtplib.SMTP_SSL):
    """Connects to an address and verifies a name."""

    def _get_socket(self, host, port, timeout):
        plain = socket.create_connection((host, port), timeout)
        return context.wrap_socket(plain, server_hostname=job["serverName"])


def connect():
    if job.get("lmtp"):
        if "unix" in job:
            # smtplib takes an absolute path as host for a Unix socket.
            return smtplib.LMTP(job["unix"], local_hostname=helo)
        return smtplib.LMTP(job["host"], job["port"], local_hostname=helo)
    if tls == "implicit":
        return Named(job["host"], job["port"], local_hostname=helo, timeout=12, context=context)
    return smtplib.SMTP(job["host"], job["port"], local_hostname=helo, timeout=12)


def authenticate(client):
    mechanism, user, password = auth["mechanism"], auth["user"], auth["password"]
    client.ehlo_or_helo_if_needed()
    if mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        client.user, client.password = user, password
        client.auth(mechanism, getattr(client, "auth_" + mechanism.lower().replace("-", "_")))
    elif mechanism == "XOAUTH2":
        client.auth(mechanism, lambda challenge=None: f"user={user}\1auth=Bearer {password}\1\1")
    elif mechanism == "OAUTHBEARER":
        client.auth(mechanism, lambda challenge=None: f"n,a={user},\1auth=Bearer {password}\1\1")
    elif mechanism == "EXTERNAL":
        client.auth(mechanism, lambda challenge=None: user)


try:
    with connect() as client:
        client.set_debuglevel(1)
        if tls == "starttls":
            client._host = job["serverName"]
            client.starttls(context=context)
        if auth:
            authenticate(client)
        refused = client.sendmail(job["from"], job["to"], base64.b64decode(job["data"]), job.get("mailOptions", []))
        print(json.dumps({"refused": {to: [code, text.decode()] for to, (code, text) in refused.items()}}))
except (smtplib.SMTPException, OSError) as error:
    print(f"{type(error).__name__}: {error}")
    sys.exit(1)
