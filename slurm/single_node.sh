#!/usr/bin/env bash
# A run on one node: sbatch slurm/single_node.sh [options of distsp.run]
#SBATCH --job-name=distsp
#SBATCH --nodes=1
#SBATCH --ntasks=16
#SBATCH --cpus-per-task=1
#SBATCH --ntasks-per-core=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=00:30:00
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append

# Settings: edit them here, or set them when submitting. See slurm/README.md.
VENV=${VENV:-$HOME/distsp/.venv}               # with distsp; every node must see it
MODULES=${MODULES:-}                           # to load first, such as the cluster's MPI
LAUNCH=${LAUNCH:-srun --mpi=pmi2 --wait=30}    # or mpirun, where srun --mpi=list has no pmi2
EXPERIMENT=${EXPERIMENT:-structural_plasticity}
OUTPUT=${OUTPUT:-results-$SLURM_JOB_ID}

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

echo "job $SLURM_JOB_ID: $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST, $EXPERIMENT -> $OUTPUT"
# A job that Slurm starts again, after a fault of a node, begins anew.
exec "${distsp[@]}" "$EXPERIMENT" --output "$OUTPUT" ${SLURM_RESTART_COUNT:+--force} "$@"
