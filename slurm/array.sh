#!/usr/bin/env bash
# A run for each seed or for each value of a parameter: an array of jobs, each on one node:
# sbatch slurm/array.sh [options of distsp.run]
#SBATCH --job-name=distsp
#SBATCH --array=1-8
#SBATCH --nodes=1
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=1
#SBATCH --ntasks-per-core=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=00:30:00
#SBATCH --output=%x-%A_%a.log
#SBATCH --open-mode=append

# Settings: edit them here, or set them when submitting. See slurm/README.md.
VENV=${VENV:-$HOME/distsp/.venv}               # with distsp; every node must see it
MODULES=${MODULES:-}                           # to load first, such as the cluster's MPI
LAUNCH=${LAUNCH:-srun --mpi=pmi2 --wait=30}    # or mpirun, where srun --mpi=list has no pmi2
EXPERIMENT=${EXPERIMENT:-structural_plasticity}
PARAMETER=${PARAMETER:-seed}                  # as for --set
VALUES=${VALUES:-}                            # task i gets the i-th; if there are none, i itself
OUTPUT=${OUTPUT:-results-$SLURM_ARRAY_JOB_ID} # will have a folder for each task

# The same in every template: refuse early and clearly, one thread per rank.
set -eo pipefail
fail() {
    echo "distsp job: $1" >&2
    exit 1
}
python=$VENV/bin/python
[ -n "${SLURM_JOB_ID:-}" ] || fail "not inside a job; submit it with sbatch, see slurm/README.md"
if [ -n "$MODULES" ]; then
    command -v module >/dev/null || fail "MODULES: '$MODULES', but there is no module command here"
    # shellcheck disable=SC2086 # names, split on purpose
    module load $MODULES || fail "MODULES: '$MODULES' cannot be loaded; see: module avail"
fi
[ -x "$python" ] ||
    fail "VENV: no Python in '$VENV'; make it first, see slurm/README.md"
"$python" -c 'import importlib.util as i, sys; sys.exit(i.find_spec("distsp") is None)' ||
    fail "VENV: '$VENV' has no distsp; install it there, see slurm/README.md"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
export PATH=$VENV/bin:$PATH # the mpich wheel's mpirun, if LAUNCH is that
# MPICH names its shared memory after job and step. When a job is started again, a step that has
# not been used must run it, or it may find what ranks that were killed have left behind.
for ((i = 0; i < ${SLURM_RESTART_COUNT:-0}; i++)); do
    srun --mpi=none --nodes=1 --ntasks=1 true || fail "srun does not work on $SLURM_JOB_NODELIST"
done
# shellcheck disable=SC2206 # a command and its options, split on purpose
distsp=($LAUNCH -n "$SLURM_NTASKS" "$python" -m distsp.run)

task=${SLURM_ARRAY_TASK_ID:-}
[ -n "$task" ] || fail "not a task of an array; submit it with: sbatch --array=1-8 slurm/array.sh"
read -ra values <<<"$VALUES"
if [ "${#values[@]}" -eq 0 ]; then
    value=$task
elif [ "$task" -ge 1 ] && [ "$task" -le "${#values[@]}" ]; then
    value=${values[task - 1]}
else
    fail "VALUES: there are ${#values[@]}, none for task $task; submit with --array=1-${#values[@]}"
fi
mkdir -p "$OUTPUT"

echo "job $SLURM_JOB_ID: $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST," \
    "$EXPERIMENT with $PARAMETER=$value -> $OUTPUT/$task"
# A job that Slurm starts again, after a fault of a node, begins anew.
exec "${distsp[@]}" "$EXPERIMENT" --set "$PARAMETER=$value" --output "$OUTPUT/$task" \
    ${SLURM_RESTART_COUNT:+--force} "$@"
