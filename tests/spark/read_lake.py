"""Run by .venv-spark's Python: the block of docs/reading.md on standard input, its `orders` as JSON lines on output."""

import json
import sys
from typing import Any

from pyspark.sql import SparkSession

session = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.memory", "700m")
    .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    .config("spark.sql.shuffle.partitions", "2")
    .getOrCreate()
)
session.sparkContext.setLogLevel("ERROR")
found: dict[str, Any] = {"spark": session}
exec(sys.stdin.read(), found)
for row in found["orders"].orderBy("kafka_partition", "kafka_offset").collect():
    sys.stdout.write(json.dumps(row.asDict(recursive=True), default=str) + "\n")
session.stop()
