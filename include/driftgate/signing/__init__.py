"""Signatures of what decides over traffic: made with one key of this environment, checked against keys it trusts."""

from driftgate.signing.signature import Signature, parse_signature, sign, verify

__all__ = ["Signature", "parse_signature", "sign", "verify"]
