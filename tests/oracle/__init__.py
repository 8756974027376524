"""A verifier that shares no code with what it verifies: json, gzip, zstandard and pyarrow on the lake, a bare
client on Kafka.

`python -m tests.oracle LAKE BOOTSTRAP DATASET --json` proves of what is there now

    I1  each record in Kafka below the lake's heads is in the raw zone or among the dead letters
    I2  no coordinates are in the raw zone twice, or there and among the dead letters
    I3  the chain of claims has no hole, and each claim has the part that it describes
    I4  lines are in offset order
    I7  a dead letter holds the original's key, value and headers, byte for byte
    I9  nothing is in the lake that Kafka does not have, or has otherwise

What waits behind the heads is counted, not judged. What retention removed from Kafka cannot be compared, and is
counted too.
"""
