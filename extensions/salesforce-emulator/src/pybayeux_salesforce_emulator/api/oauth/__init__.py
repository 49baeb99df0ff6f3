"""OAuth 2.0 as an org has it: the token endpoint with its grants, authorization in a browser, revocation."""

from .grants import Grants as Grants

__all__ = ("Grants",)
