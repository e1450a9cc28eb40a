"""Signs messages with dkimpy: a JSON list of orders on standard input, a JSON list of signed messages on standard output."""

import base64
import json
import sys

import dkim

signed = []
for order in json.load(sys.stdin):
    message = base64.b64decode(order["message"])
    signature = dkim.sign(
        message,
        order["selector"].encode(),
        order["domain"].encode(),
        order["key"].encode(),
        signature_algorithm=order["algorithm"].encode(),
        canonicalize=tuple(part.encode() for part in order["canonicalization"].split("/")),
    )
    signed.append(base64.b64encode(signature + message).decode())
json.dump(signed, sys.stdout)
