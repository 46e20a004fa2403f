"""A key of AWS KMS that signs (ECC_NIST_P256): its private half never leaves AWS, its public half is asked for once."""

import os
from functools import cache
from typing import Any

from driftgate.errors import ConfigError
from driftgate.signing.public_keys import Signer, signer_of

# What trying again does not heal.
LASTING = {
    "AccessDeniedException", "DisabledException", "InvalidKeyUsageException", "KMSInvalidStateException",
    "NotFoundException", "UnsupportedOperationException", "ValidationException",
}  # fmt: skip


def sign(key_id: str, message: bytes) -> bytes:
    """Return the signature by the key ``key_id`` (an id, ARN or alias); KMS takes no message over 4 KB.

    :raises ConfigError: there is no such key, it is not one for signing, or may not be used
    """
    answer = _asked("sign", key_id, Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
    return bytes(answer["Signature"])


def public_key(key_id: str) -> Signer:
    """Return the public half of a key.

    :raises ConfigError: there is no such key, it is not one for signing, or may not be used
    """
    return _public_key(key_id, os.environ.get("AWS_ENDPOINT_URL"))


@cache
def _public_key(key_id: str, _: str | None) -> Signer:
    return signer_of(_asked("get_public_key", key_id)["PublicKey"], f"The KMS key {key_id}")


def _asked(operation: str, key_id: str, **parameters: Any) -> dict[str, Any]:
    import boto3

    client = boto3.client("kms")
    try:
        answer: dict[str, Any] = getattr(client, operation)(KeyId=key_id, **parameters)
    except client.exceptions.ClientError as error:
        about = error.response["Error"]
        if about["Code"] not in LASTING:
            raise
        raise ConfigError(
            f"The KMS key {key_id} cannot be used ({about['Code']}: {about['Message'].rstrip('.')}); 'signing.key_id' "
            "must name an enabled key of ECC_NIST_P256 for signing, with kms:Sign and kms:GetPublicKey allowed on it."
        ) from None
    return answer
