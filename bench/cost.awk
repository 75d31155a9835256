# Counts what a trace shows: awk -v store=DIR -f cost.awk LOG LOG, where LOG was written by strace -f -y -s 0 from a
# run of tether-bench-cost; with -v command=NAME a run of the command. The file is read twice: first it shows which
# process or thread began which other one and in which window, the time between two marks; then calls are counted.
# Prints lines of "name number".

# What depends on timing or on the state of the heap does not count.
function is_noise(name, text) {
    return name ~ /^(futex|epoll_.*|p?poll|p?select|restart_syscall|.*nanosleep|sched_yield|rt_sig(return|suspend|timedwait)|wait4|waitid|mmap|munmap|mremap|brk|mprotect|madvise|exit|exit_group|getrandom)$/ ||
        (name ~ /^(read|write)$/ && text ~ /^(read|write)\([0-9]+<anon_inode:/)
}

# Joins a call that was interrupted by lines of other threads. Sets pid and text; returns 0 for a line that ends no call.
function take_line() {
    pid = $1
    text = substr($0, length(pid) + 1)
    sub(/^ +/, "", text)
    if (text ~ /<unfinished \.\.\.>$/) {
        begun[pid] = substr(text, 1, length(text) - 16)
        if (!(pid in window_of_begun)) window_of_begun[pid] = window
        return 0
    }
    if (text ~ /^<\.\.\. /) {
        sub(/^<\.\.\. [a-z0-9_]+ resumed>/, "", text)
        text = begun[pid] text
        delete begun[pid]
    }
    return text ~ /^[a-z]/
}

function result() {
    return match(text, /= -?[0-9]+[^=]*$/) ? substr(text, RSTART + 2) + 0 : -1
}

# Notes who made a new process or thread, and in which window. Its line may stand behind those of its own children.
function note_child(   child) {
    child = result()
    if (child <= 0) return
    if (text ~ /CLONE_THREAD/) maker_of_thread[child] = pid
    else maker[child] = pid
    window_of_child[child] = window_at
}

# The process of a thread.
function group(thread) { return thread in maker_of_thread ? group(maker_of_thread[thread]) : thread }

# The window in which a process began, or the one of the main process's children that it descends from.
function began(process) {
    if (!(process in maker)) return 0
    return group(maker[process]) == main ? window_of_child[process] : began(group(maker[process]))
}

# A mark of the main thread opens the next window.
function note_mark(   name) {
    name = text
    sub(/^[^"]*"\/tether-bench\//, "", name)
    sub(/".*/, "", name)
    window = ++windows
    name_of[windows] = name
    if (name == "spawn" || name == "run") name_of_round[++rounds] = name
    if (name !~ /^(spawn|run|wait|.*-settle)$/) round_of[windows] = 0
    else round_of[windows] = rounds
}

# The path of a file that a call creates, "" if it creates none. Files without a name count each time.
function created(   path, base) {
    if (result() < 0) return ""
    if (name == "openat" && text ~ /O_CREAT|O_TMPFILE/) {
        path = text
        sub(/^.*= [0-9]+</, "", path)
        sub(/>[^>]*$/, "", path)
        return path
    }
    if (name !~ /^(mkdir|mkdirat|symlinkat|mknodat)$/) return ""
    path = text
    sub(/^[a-z]+\(/, "", path)
    base = ""
    if (path ~ /^[A-Z0-9_]+</) {
        base = path
        sub(/^[A-Z0-9_]+</, "", base)
        sub(/>.*/, "", base)
    }
    sub(/^[^"]*"/, "", path)
    sub(/".*/, "", path)
    return path ~ /^\// ? path : base "/" path
}

# A round begins with the mark "spawn" or "run" and ends with the next one that is not its own. What children do belongs
# to the round in which the first of them began.
function round_of_call() { return round_of[(process == main ? window_at : began(process))] }

function count(   round, path) {
    name = text
    sub(/\(.*/, "", name)
    process = group(pid)
    round = round_of_call()
    if (process == main && name ~ /^clone3?$/ && text ~ /CLONE_THREAD/ && result() > 0) threads++
    if (process == main && name == "openat" && text ~ /\.so[.0-9]*", / && result() >= 0) libraries++
    path = created()
    if (path != "" && index(path, store) == 1 && (!(path in seen) || text ~ /O_TMPFILE/)) {
        seen[path] = 1
        files[round]++
    }
    if (name ~ /^(write|pwrite64|writev|pwritev)$/ && index(text, "<" store) > 0) bytes[round] += result()
    if (process != main) count_child(round)
    else if (pid != main) {
        # A wake-up belongs to the time at which the call returns.
        if (name ~ /^(epoll_wait|epoll_pwait|poll)$/) wakes[window]++
        if (!is_noise(name, text)) others[round]++
    } else if (!is_noise(name, text) && text !~ /"\/tether-bench\//) {
        calls[window_at]++
        by_kind[window_at, kind_of(name)]++
    }
}

function count_child(round) {
    if (!(process in counted)) processes[round]++
    counted[process] = 1
    if (name == "execve" && result() == 0) execs[round]++
    if (!is_noise(name, text)) supervisor[round]++
}

function kind_of(name) {
    if (name ~ /^(open|openat|openat2|creat)$/) return "open"
    if (name ~ /stat/ || name ~ /^f?access/) return "stat"
    if (name ~ /^(mkdir|unlink|rename|link|symlink)/) return "names"
    if (name ~ /^(read|pread64|getdents64|readlink|readlinkat)$/) return "read"
    if (name ~ /^(write|pwrite64|writev|ftruncate|fallocate|f?chmod|f?sync|fdatasync|utimensat)/) return "write"
    if (name ~ /^(fcntl|flock)$/) return "lock"
    if (name ~ /^(clone|clone3|vfork|fork|pidfd_open|kill)$/) return "process"
    return "other"
}

# The least in all rounds or windows of this name: noise only adds.
function least(list, names, most, name,   i, x, found) {
    for (i = 1; i <= most; i++)
        if (names[i] == name && (!found++ || list[i] + 0 < x)) x = list[i] + 0
    return x
}

function least_of_windows(list, name) { return least(list, name_of, windows, name) }

function least_of_rounds(list, name) { return least(list, name_of_round, rounds, name) }

# The middle one of all windows of this name, for what happens in some of them.
function middle_of_windows(list, name,   w, i, n, x, values) {
    for (w = 1; w <= windows; w++) {
        if (name_of[w] != name) continue
        x = list[w] + 0
        for (i = n++; i > 0 && values[i - 1] > x; i--) values[i] = values[i - 1]
        values[i] = x
    }
    return values[int(n / 2)]
}

function least_of_kind(name, kind,   w, list) {
    for (w = 1; w <= windows; w++) list[w] = by_kind[w, kind]
    return least_of_windows(list, name)
}

# How much more it is with each further live task.
function growth(list, name,   w, n, first, last) {
    for (w = 1; w <= windows; w++)
        if (name_of[w] == name) {
            last = list[w]
            if (!n++) first = last
        }
    return (last - first) / (n - 1)
}

FNR == 1 {
    pass++
    main = $1
    window = windows = rounds = 0
    split("", begun)
    split("", window_of_begun)
}

take_line() {
    window_at = pid in window_of_begun ? window_of_begun[pid] : window
    delete window_of_begun[pid]
    if (text ~ /^f?access[a-z0-9]*\([^"]*"\/tether-bench\// && pid == main) note_mark()
    else if (pass == 1 && text ~ /^(clone3?|v?fork)\(/) note_child()
    else if (pass == 2) count()
}

function show(name, value) { print name, value + 0 }

function show_command() {
    show("command." command ".calls", calls[0] + others[0])
    show("command." command ".threads", threads)
    show("command." command ".libraries", libraries)
}

function show_calls(   kind, kinds, i) {
    show("open.calls", least_of_windows(calls, "open"))
    show("spawn.calls", least_of_windows(calls, "spawn"))
    kinds = split("open names stat read write lock process other", kind)
    for (i = 1; i <= kinds; i++) show("spawn.calls." kind[i], least_of_kind("spawn", kind[i]))
    show("spawn.thread.wakeups", middle_of_windows(wakes, "spawn"))
    show("brief.calls", least_of_windows(calls, "brief"))
    show("brief.calls.per_task", growth(calls, "brief"))
    show("list.calls", least_of_windows(calls, "list"))
    show("list.calls.per_task", growth(calls, "list"))
    show("status.calls", least_of_windows(calls, "status"))
    show("poll.calls", least_of_windows(calls, "poll"))
    show("peek.calls", least_of_windows(calls, "peek"))
    show("kill.calls", least_of_windows(calls, "kill"))
    show("ack.calls", least_of_windows(calls, "ack"))
    show("end.calls", least_of_windows(calls, "wait"))
    show("end.thread.calls", least_of_rounds(others, "run"))
    show("start.files", least_of_rounds(files, "spawn"))
    show("task.files", least_of_rounds(files, "run"))
    show("task.bytes", least_of_rounds(bytes, "run"))
    show("task.supervisor.calls", least_of_rounds(supervisor, "run"))
    show("task.supervisor.execs", least_of_rounds(execs, "run"))
    show("task.supervisor.processes", least_of_rounds(processes, "run"))
}

END {
    if (command != "") show_command()
    else show_calls()
}
