#!/usr/bin/env bash
# count.sh REPORT STATUS: prints `N passed, N failed, N skipped` from a JUnit report, and fails when a test failed,
# when none ran, when there is no report, or when the test runner itself ended with a STATUS that is not 0.
set -euo pipefail

report=$1
status=$2

if [ ! -s "$report" ]; then
  echo "count.sh: the test runner ended with status $status and left no report: it crashed, or was killed" >&2
  exit 1
fi

root=$(grep -m1 '<testsuites ' "$report" || true)
attribute() {
  local value
  value=$(sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$root")
  echo "${value:-0}"
}
tests=$(attribute tests)
failed=$(($(attribute failures) + $(attribute errors)))
skipped=$(attribute skipped)
passed=$((tests - failed - skipped))

# bun counts an error outside of its tests in its exit status alone.
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  echo "count.sh: no test failed, but the test runner ended with status $status: an error outside of the tests" >&2
  failed=1
fi
if [ "$passed" -le 0 ] && [ "$failed" = 0 ]; then
  echo "count.sh: no test ran" >&2
  status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ]
