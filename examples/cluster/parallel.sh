#!/bin/bash
# The runs of a comparison with GNU parallel, on this machine or, with --sshlogin, on others that share the folders.
#
#   parallel.sh experiment.json runs/own [options of GNU parallel: --jobs 2 --sshlogin a,b]
#
# AGON names the program where `agon` is not on the path ("node /opt/agon/dist/cli/main.js").
set -u
experiment=$1 out=$2
shift 2
agon=${AGON:-agon}

runs=$($agon compare "$experiment" --out "$out" --plan --json | node -p 'JSON.parse(fs.readFileSync(0)).length') || exit
seq 0 $((runs - 1)) | parallel --jobs 1 --line-buffer --tag "$@" \
  "$agon compare '$experiment' --out '$out' --run {} --threads 1"
failed=$?
$agon compare "$out" --collect
exit $failed
