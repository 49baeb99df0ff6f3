"""The login by a person: in a browser, or with a code on another device.

Owns what `pybayeux auth login`, `logout` and `status` do. The refresh token is then used by the flow of that name.

- `person` is a login from its settings to the stored token; `account` is the stored login, and its end
- `endpoints` finds the endpoints of a login server
- `callback_server` receives the browser; `web_server_flow` and `device_flow` log in
- `settings` reads the configuration, `config_file` writes it
- `token_place` chooses the store, `opening` opens a browser, `revocation` revokes a token
"""
