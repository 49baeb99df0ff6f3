"""``python -m tests.soak.relay``."""

from tests.soak.relay.command import relay_proof

if __name__ == "__main__":
    relay_proof(prog_name="python -m tests.soak.relay")
