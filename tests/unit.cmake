# Unit tests: pure modules, no process, no clock.
