"""Preference pairs of HH-RLHF's files (`chosen` and `rejected` as whole transcripts), as conversations."""
import gzip
import json


def rows_of(path):
    with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as lines:
        for line in lines:
            yield json.loads(line)


def split(transcript):
    """The conversation up to the last answer, and that answer."""
    at = transcript.rindex("\n\nAssistant:")
    return transcript[:at], transcript[at + len("\n\nAssistant:"):].strip()


def conversation(prompt):
    """Alternating turns that end with the user's; None where the transcript is another thing."""
    turns = []
    for part in prompt.split("\n\nHuman:")[1:]:
        human, *answers = part.split("\n\nAssistant:")
        if len(answers) > 1:
            return None
        turns.append({"role": "user", "content": human.strip()})
        turns += [{"role": "assistant", "content": answer.strip()} for answer in answers]
    whole = all(turn["content"] for turn in turns)
    return turns if turns and turns[-1]["role"] == "user" and whole else None


def read(path, count, longest=2400):
    """The first `count` usable pairs in TRL's format, none so long (in characters) that a side would cut it."""
    found = []
    for row in rows_of(path):
        prompt, chosen = split(row["chosen"])
        other, rejected = split(row["rejected"])
        turns = conversation(prompt)
        if prompt != other or not chosen or not rejected or chosen == rejected or turns is None:
            continue
        if len(row["chosen"]) > longest or len(row["rejected"]) > longest:
            continue
        found.append({
            "prompt": turns,
            "chosen": [{"role": "assistant", "content": chosen}],
            "rejected": [{"role": "assistant", "content": rejected}],
        })
        if len(found) == count:
            return found
    raise SystemExit(f"{path} has only {len(found)} usable pairs, and {count} are asked for")
