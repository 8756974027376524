#!/usr/bin/python3 -I
"""How the cluster is, as JSON: `kafka-state [--without NODE] [--in-sync N]`.

`problems` says in words why NODE must not be stopped now; empty means that the others suffice. Without NODE it says
what is not whole. Exits with 0 if there is no problem, 1 if there is, 3 if the cluster cannot be asked.
"""

import argparse
import json
import re
import subprocess
import sys

TOOL = "/opt/kafka/bin/kafka-tool"
PARTITION = re.compile(r"\tTopic: (\S+)\tPartition: (\d+)\tLeader: (\S+)\tReplicas: (\S*)\tIsr: (\S*)")
TOPIC = re.compile(r"Topic: (\S+)\t.*?Configs: (\S*)")


def ask(*words):
    """What one of Kafka's tools prints, begun now and read later."""
    return subprocess.Popen([TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process, seconds):
    """Its output; RuntimeError with its last words if it failed."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise RuntimeError(f"no answer in {seconds} s") from None
    if process.returncode:
        raise RuntimeError(" ".join((err or out).split())[-300:])
    return out


def partitions(text, in_sync):
    """Each partition: its name, leader, replicas, who is in sync, and how many must be."""
    needed, found = {}, []
    for line in text.splitlines():
        topic = TOPIC.match(line)
        if topic:
            settings = dict(pair.partition("=")[::2] for pair in topic[2].split(","))
            needed[topic[1]] = int(settings.get("min.insync.replicas", in_sync))
        one = PARTITION.match(line)
        if one:
            replicas, isr = ([int(n) for n in part.split(",") if n] for part in (one[4], one[5]))
            name = f"{one[1]}/{one[2]}"
            found.append((name, one[3], replicas, isr, min(needed.get(one[1], in_sync), len(replicas))))
    return found


def voters(text):
    """Each node of the quorum: number, lag, role."""
    rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
    return {int(row[0]): {"lag": int(row[3]), "role": row[-1]} for row in rows if row[-1] != "Observer"}


def judge(parts, quorum, without):
    """What is wrong, in words."""
    problems = []
    behind = [name for name, _, replicas, isr, _ in parts if set(replicas) - set(isr)]
    if behind:
        problems.append(f"{len(behind)} partitions are under-replicated, the first is {behind[0]}")
    leaderless = [name for name, leader, *_ in parts if leader in ("none", "-1")]
    if leaderless:
        problems.append(f"{len(leaderless)} partitions have no leader, the first is {leaderless[0]}")
    slow = [node for node, one in quorum.items() if one["lag"] > 100 or one["lag"] < 0]
    if slow:
        problems.append(f"of the quorum these lag behind: {slow}")
    if without is not None and len(quorum) > 1:
        short = [
            name for name, _, replicas, isr, need in parts if without in replicas and len(set(isr) - {without}) < need
        ]
        if short:
            problems.append(f"without node {without}, {len(short)} partitions take no writes, the first is {short[0]}")
        rest = [node for node in quorum if node != without and node not in slow]
        if len(rest) * 2 <= len(quorum):
            problems.append(f"without node {without} the quorum has no majority: {rest} of {sorted(quorum)}")
    return problems


def main():
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", type=int)
    parser.add_argument("--in-sync", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    running = ask("topics", "--describe"), ask("quorum", "describe", "--replication")
    try:
        topics, replication = (answer(process, asked.seconds) for process in running)
    except RuntimeError as error:
        print(json.dumps({"problems": [f"the cluster cannot be asked: {error}"], "leader": None}))
        return 3
    finally:
        for process in running:
            process.poll() is None and process.kill()
    parts, quorum = partitions(topics, asked.in_sync), voters(replication)
    problems = judge(parts, quorum, asked.without)
    if not quorum:
        problems.append("the quorum names no node")
    leader = next((node for node, one in quorum.items() if one["role"] == "Leader"), None)
    print(json.dumps({"problems": problems, "leader": leader, "quorum": sorted(quorum), "partitions": len(parts)}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
