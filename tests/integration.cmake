# Integration tests: the library and the command, with real processes.
tether_test(task integration 60 test_task.c)
