"""OAuth 2.0 of an org: the token endpoint with its grants, authorization in a browser, revocation."""
