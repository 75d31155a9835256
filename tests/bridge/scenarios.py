"""What hosts do, with a place for one that may die or fail: each function runs hosts on a stage, one of them by `faulty`."""


def run(stage, *more):
    """A task that ends at once, without a host that notices."""
    stage.host("run", *more, "--", stage.command).await_tasks()
    return stage.task()


def run_gated(stage, *more):
    stage.host("run", *more, "--", stage.command, stage.gate)
    stage.await_running()
    return stage.task()


def clean_up(stage):
    """Two more hosts: both find what the others have left."""
    stage.host("completions", "--drain")
    stage.host("gc", "--older-than", "0")


def start(stage):
    stage.faulty("run", "--", stage.command)
    stage.host("list", "--all")
    clean_up(stage)


def start_beside_another(stage):
    """Others look and collect while a task is started."""
    spawner = stage.start("run", "--", stage.command, inject=["renameat,renameat2,mkdirat,write:delay_exit=4000"])
    others = [stage.start(*verb) for verb in (("gc", "--older-than", "0"), ("list", "--all"), ("wait",))]
    for host in [spawner, *others]:
        host.wait()
    clean_up(stage)


def refused_start(stage):
    """A limit is reached."""
    stage.faulty("run", "--max-started", "1", "--", stage.command)
    stage.host("gc", "--older-than", "0")
    stage.host("list", "--all")


def failed_start(stage):
    """The system starts no process."""
    inject = stage.fault.get("inject", [])
    stage.fault = {**stage.fault, "inject": [*inject, stage.no_process]}
    start(stage)


def beside(*hosts):
    """Hosts that were started one after the other run to their ends."""
    for host in hosts:
        host.wait()


def end(stage):
    """Another host finds the end."""
    run(stage)
    stage.faulty("list", "--all")
    stage.host("list", "--all")
    clean_up(stage)


def ends_beside_each_other(stage):
    run(stage)
    beside(stage.start("list", "--all", inject=["flock:delay_exit=2000"]), stage.start("completions", "--drain"))
    clean_up(stage)


def running_noted(stage):
    run_gated(stage)
    stage.faulty("list")
    stage.end_tasks(stage.hosts[0])
    clean_up(stage)


def lost(stage):
    """A stranger kills the supervisor."""
    run_gated(stage)
    stage.kill_supervisor()
    stage.end_tasks(stage.hosts[0])
    stage.faulty("list", "--all")
    clean_up(stage)


def kill(stage):
    task = run_gated(stage)
    stage.faulty("kill", task)
    stage.host("kill", "--grace", "0", task)
    clean_up(stage)


def kill_at_once(stage):
    task = run_gated(stage)
    stage.faulty("kill", "--grace", "0", task)
    stage.host("kill", task)
    clean_up(stage)


def kills_beside_each_other(stage):
    task = run_gated(stage)
    beside(stage.start("kill", task), stage.start("kill", "--grace", "0", task), stage.start("wait", task))
    clean_up(stage)


def acknowledge(stage):
    task = run(stage)
    stage.host("list", "--all")
    stage.faulty("completions", "--ack", task)
    stage.host("completions", "--ack", task)
    stage.host("gc", "--older-than", "0")


def drain(stage):
    run(stage)
    stage.faulty("completions", "--drain")
    clean_up(stage)


def drains_beside_each_other(stage):
    run(stage)
    beside(stage.start("completions", "--drain", inject=["flock:delay_exit=1000"]), stage.start("completions", "--drain"))
    clean_up(stage)


def promote(stage):
    task = run_gated(stage, "--no-notify")
    stage.faulty("promote", task)
    stage.end_tasks(stage.hosts[0])
    stage.host("promote", task)
    clean_up(stage)


def remove(stage):
    task = run(stage)
    stage.faulty("rm", task)
    stage.host("list", "--all")
    stage.host("gc", "--older-than", "0")


def collect(stage):
    run(stage)
    stage.host("completions", "--drain")
    stage.faulty("gc", "--older-than", "0")
    stage.host("gc", "--older-than", "0")


def removals_beside_each_other(stage):
    task = run(stage)
    stage.host("completions", "--drain")
    beside(stage.start("rm", task, inject=["renameat,renameat2,unlinkat,write:delay_exit=2000"]), stage.start("gc", "--older-than", "0"))
    stage.host("gc", "--older-than", "0")


def compact(stage):
    """A compaction archives the task."""
    run(stage)
    stage.host("completions", "--drain")
    stage.pad()
    stage.faulty("run", "--", stage.command)
    stage.host("run", "--", stage.command)
    stage.host("list", "--all")
    stage.host("gc", "--older-than", "0")


def compact_running(stage):
    """Compactions keep the task: it runs, and then its completion is pending."""
    run_gated(stage)
    stage.pad()
    stage.faulty("run", "--", stage.command)
    stage.end_tasks(stage.hosts[0])
    stage.pad()
    stage.host("list", "--all")
    stage.pad()
    clean_up(stage)


def come_back(stage):
    """An archived task changes, and is archived again."""
    task = archive_silent(stage)
    stage.faulty("promote", task)
    stage.host("promote", task)
    stage.host("completions", "--drain")
    stage.pad()
    stage.host("run", "--", stage.command)
    stage.host("gc", "--older-than", "1h")
    stage.host("rm", task)
    stage.host("gc", "--older-than", "1h")


def archive_silent(stage):
    task = run(stage, "--no-notify")
    stage.host("list", "--all")
    stage.pad()
    stage.host("run", "--", stage.command).await_tasks()
    return task


def join(stage):
    """A task is in two archives, which a collection joins."""
    task = archive_silent(stage)
    stage.host("promote", task)
    stage.host("completions", "--drain")
    stage.pad()
    stage.host("run", "--", stage.command).await_tasks()
    stage.faulty("gc", "--older-than", "1h")
    stage.host("gc", "--older-than", "1h")
    stage.host("promote", task)


def remove_archived(stage):
    task = archive_silent(stage)
    stage.faulty("rm", task)
    stage.host("gc", "--older-than", "1h")
    stage.host("gc", "--older-than", "0")


def remove_returned(stage):
    """A task that came back from an archive is removed: the archive has it still."""
    task = archive_silent(stage)
    stage.host("promote", task)
    stage.faulty("rm", task)
    stage.pad()
    stage.host("run", "--", stage.command)
    stage.host("gc", "--older-than", "1h")


# With a death of the faulty host at each of its steps.
FATAL = [start, refused_start, failed_start, end, running_noted, lost, kill, kill_at_once, acknowledge, drain, promote, remove, collect,
         compact, compact_running, come_back, join, remove_archived, remove_returned]
# Each of these runs once.
TOGETHER = [start_beside_another, ends_beside_each_other, kills_beside_each_other, drains_beside_each_other, removals_beside_each_other]
# The faulty host dies in the middle of a line, or finds the disk full.
TEARING = [start, failed_start, end, kill, acknowledge, drain, promote, remove, come_back]
