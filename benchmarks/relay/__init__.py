"""What a relay costs: its throughput per target, beside a bare bulk insert into the same database."""
