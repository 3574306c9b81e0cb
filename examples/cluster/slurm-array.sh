#!/bin/bash
# One run of a comparison for each task of a Slurm array.
#
#   runs=$(agon compare experiment.json --out runs/own --plan --json | node -p 'JSON.parse(fs.readFileSync(0)).length')
#   sbatch --array=0-$((runs - 1)) slurm-array.sh experiment.json runs/own
#   agon compare runs/own --collect          # the tables of what has finished
#
# AGON names the program where `agon` is not on the path ("node /opt/agon/dist/cli/main.js").
# Two minutes before the time limit a run saves a checkpoint and is queued again; it goes on from there.
#SBATCH --job-name=agon
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -u

${AGON:-agon} compare "$1" --out "$2" --run "$SLURM_ARRAY_TASK_ID" --threads "${SLURM_CPUS_PER_TASK:-1}" &
training=$!

queue_again() {
  kill -TERM "$training"
  wait "$training"
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
  exit 0
}
trap queue_again TERM

wait "$training"
