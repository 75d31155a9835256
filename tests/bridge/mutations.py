"""Changes traces so that they break a rule: none of them may be a run of the model."""

# Without one of these, nothing that follows is right.
NEEDED = ("LOCKED", "UNLOCKED", "NAMED", "BUNDLED", "BORN", "STARTED", "IDENTIFIED", "RAN")
# What may not be left out before what.
BEFORE = {("completed", "ACKNOWLEDGED"), ("killed", "ACKNOWLEDGED"), ("lost", "ACKNOWLEDGED"), ("UNBUNDLED", "REMOVED"),
          ("ARCHIVED", "REPLACED"), ("INTENDED", "SIGNALLED")}
ENDS = ("completed", "killed", "lost")


def exchanges(trace):
    """Two neighbouring steps of one host, in the other order. (Those of two hosts may be independent of each other.)"""
    for i, (first, second) in enumerate(zip(trace, trace[1:])):
        died = (first[0], second[0]) == ("LET_GO", "UNLOCKED")
        if first[1] == second[1] and first[0] != second[0] and not died:
            yield f"{second[0]} before {first[0]}", trace[:i] + (second, first) + trace[i + 2:]


def omissions(trace):
    for i, step in enumerate(trace):
        follows = [kind for kind, _ in trace[i + 1:]]
        again = step[0] in follows
        if step[0] in NEEDED and follows and (step[0] != "UNLOCKED" or "LOCKED" in follows):
            yield f"no {step[0]}", trace[:i] + trace[i + 1:]
        for kind, other in BEFORE:
            if kind == step[0] and other in follows and not again:
                yield f"no {kind} before {other}", trace[:i] + trace[i + 1:]


def intruders(trace):
    """A step too many, by the host that makes the next one."""
    for i, (kind, host) in enumerate(trace):
        if kind in ENDS:
            for early in ("UNNAMED", "UNBUNDLED", "REMOVED", "ACKNOWLEDGED", "ARCHIVED"):
                yield f"{early} before the end", trace[:i] + ((early, host),) + trace[i:]
            yield "two ends", trace[:i] + ((kind, host),) + trace[i:]
        if kind in ("NAMED", "BORN", "STARTED", "RAN"):
            yield f"{kind} twice", trace[:i] + ((kind, host),) + trace[i:]
        if kind == "REPLACED":
            yield "UNNAMED after the replacement", trace[:i + 1] + (("UNNAMED", host),) + trace[i + 1:]
    for kind, number in (("SIGNALLED", 2), ("FOREIGN", 2), ("EXITED", 0)):
        yield f"{kind} at the beginning", ((kind, number),) + trace


def choose(traces):
    """Two traces for each kind of change: the first that it fits, and the last."""
    chosen = {}
    for trace in traces:
        for change in (exchanges, omissions, intruders):
            for name, changed in change(trace):
                chosen[name, len([other for other, _ in chosen if other == name]) and 1] = changed
    return [(name, changed) for (name, _), changed in chosen.items()]
