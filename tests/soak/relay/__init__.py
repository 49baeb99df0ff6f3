"""The proof of the relay: three replicas, random faults, and each event once and in order in the target."""
