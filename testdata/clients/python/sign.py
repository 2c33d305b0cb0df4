"""Signs requests with client libraries of PyPI, as their users do, and prints them,
one JSON object a line. Takes the file of keys."""

import base64
import datetime
import json
import sys
import time

import requests
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier
from svix.webhooks import Webhook

KEYS = json.load(open(sys.argv[1]))
BODY = '{"id":"evt_1","amount":100}'
NOW = int(time.time())


def show(client, provider, fields, **more):
    line = {
        "client": client, "provider": provider, "now": NOW, "method": "POST", "target": "/" + provider,
        "headers": [["content-type", "application/json"]] + [[k, v] for k, v in fields.items()],
        "body": BODY, "covers": list(fields),
    }
    line.update(more)
    print(json.dumps(line))


show("slack_sdk", "slack", {
    "x-slack-request-timestamp": str(NOW),
    "x-slack-signature": SignatureVerifier(KEYS["slack"]).generate_signature(timestamp=str(NOW), body=BODY),
})

when = datetime.datetime.fromtimestamp(NOW, tz=datetime.timezone.utc)
show("svix (PyPI)", "svix", {
    "svix-id": "msg_python", "svix-timestamp": str(NOW),
    "svix-signature": Webhook(KEYS["webhooks"]).sign("msg_python", when, BODY),
})

ed25519 = serialization.load_pem_private_key(KEYS["ed25519"].encode(), None)
seed = ed25519.private_bytes(
    serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
show("PyNaCl", "discord", {
    "x-signature-timestamp": str(NOW),
    "x-signature-ed25519": SigningKey(seed).sign(str(NOW).encode() + BODY.encode()).signature.hex(),
})

credentials = Credentials(KEYS["aws_id"], KEYS["aws_secret"])
request = AWSRequest("POST", "http://edge.test/sigv4?b=%20&a=1", {"content-type": "application/json"}, BODY)
SigV4Auth(credentials, "execute-api", "eu-west-1").add_auth(request)
show("botocore", "sigv4", {}, target="/sigv4?b=%20&a=1",
     headers=[[k.lower(), v] for k, v in request.headers.items()],
     covers=["target", "content-type", "x-amz-date", "authorization"])

request = AWSRequest("GET", "http://edge.test/sigv4?item=7")
SigV4QueryAuth(credentials, "execute-api", "eu-west-1", expires=300).add_auth(request)
show("botocore, presigned", "sigv4", {}, method="GET", target=request.url[len("http://edge.test"):],
     headers=[], body="", covers=["target"])


class Resolver(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        raise NotImplementedError

    def resolve_private_key(self, key_id):
        if key_id == "shared":
            return base64.b64decode(KEYS["shared_base64"])
        return KEYS[key_id].encode()


for key_id, algorithm in (
    ("shared", algorithms.HMAC_SHA256), ("ed25519", algorithms.ED25519),
    ("p256", algorithms.ECDSA_P256_SHA256), ("rsa", algorithms.RSA_PSS_SHA512),
):
    request = requests.Request("POST", "http://edge.test/rfc9421?a=1", data=BODY, headers={
        "content-type": "application/json"}).prepare()
    HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Resolver()).sign(
        request, key_id=key_id, created=when, body=BODY.encode(),
        covered_component_ids=("@method", "@authority", "@path", "@query", "content-digest"))
    show("http-message-signatures (PyPI), " + algorithm.algorithm_id, "rfc9421", {}, target="/rfc9421?a=1",
         headers=[[k.lower(), v] for k, v in request.headers.items() if k.lower() != "content-length"],
         covers=["target", "content-digest", "signature-input", "signature"])
