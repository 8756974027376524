"""The whole platform as real processes, hurt every few seconds by a seeded schedule, then healed and judged.

`python -m tests.torture --seed 7 --minutes 3`, or `scripts/torture`. The rooms: `schedule` says what happens when,
`faults_*` do it and prove that it happened, `links` and `store_link` are the wires between the processes, `units` and
`platform` keep the processes alive, `load` sends and keeps a journal, `watch` looks on, `verdict` judges with the
oracle, which shares no code with StreamLake, and `report` tells. docs/torture.md is the manual.
"""
