"""The proof: random and named scripts of faults against a consumer that is killed while they run.

One idea per module, from the plan to the judgement:

- `script` what happens to an org and its consumer, and when; `random_scripts` and `named` make them
- `journal` what a consumer wrote down before anybody could kill it
- `consumer`, `program` the consumer, and the process that it is
- `stage` a script played on an emulator
- `verdict` what was lost, repeated, disordered or kept silent about
- `run` many scripts, and what they came to
"""
