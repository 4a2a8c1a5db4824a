"""The SMS gateways by name: in a file of its own, since `--help` names them and must not load pydantic."""

from typing import Literal

ProviderName = Literal["smscreator", "lox24", "seven"]
"""What `[sms] provider` may say; `delivery.registry` knows the same names."""
