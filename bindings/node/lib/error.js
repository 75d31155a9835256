'use strict'
// The error of a call that failed.

class TetherError extends Error {
  /**
   * @param {{code: string, number: number, osError: number, step: string, message: string}} details
   * `code` is a name such as "TETHER_ENOTASK", `number` its value, `osError` the errno or GetLastError() of the
   * system call that failed (0: none), `step` what was being done.
   */
  constructor(details) {
    super(details.message)
    this.name = 'TetherError'
    this.code = details.code
    this.number = details.number
    this.osError = details.osError
    this.step = details.step
  }
}

module.exports = { TetherError }
