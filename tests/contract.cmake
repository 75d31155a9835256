# Contract tests: one per seam header, against the implementation that was built.
