#!/usr/bin/env bash
# The tests on devices, of which WebGPU's use a graphics driver in software: Debian's package chromium has one, and libvulkan1 loads it.
# Installs them where that can be done without being asked. REPORTS is a folder for a report as JSON of each file. Exits with 0 unless a test
# failed: what couldn't be run is said in lines that begin with `skipped:`.
set -uo pipefail
export reports=$1
driver=/usr/lib/chromium/vk_swiftshader_icd.json
# Seconds for all of them, two at a time
export deadline=$(($(date +%s) + 300))

has_driver() { [ -f "$driver" ] && ldconfig -p | grep -q 'libvulkan\.so\.1'; }

if ! has_driver && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  timeout 60 apt-get update -qq >/dev/null 2>&1 || true
  timeout 120 apt-get install -y -qq --no-install-recommends chromium libvulkan1 >/dev/null 2>&1 || true
fi

if ! has_driver; then
  echo 'skipped: test/devices (operators, gradient rules, whole steps and kernels on WebGPU): there is no graphics driver in software, as the packages chromium and libvulkan1 are not installed and could not be'
  exit 0
fi

run_file() {
  local left=$((deadline - $(date +%s)))
  if [ "$left" -ge 10 ]; then
    timeout --kill-after=5 "$left" npx vitest run --project devices "$1" \
      --reporter=default --reporter=json --outputFile.json="$reports/$(basename "$1").json"
    local status=$?
    [ "$status" -ne 124 ] && [ "$status" -ne 137 ] && return "$status"
  fi
  echo "skipped: $1, as the five minutes for tests on devices are over"
}
export -f run_file

# The longest first
printf '%s\n' test/devices/*.test.ts | sort -r | xargs -P 2 -I{} bash -c 'run_file {}'
