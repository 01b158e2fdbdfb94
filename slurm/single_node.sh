#!/usr/bin/env bash
#SBATCH --job-name=distsp
#SBATCH --nodes=1
#SBATCH --ntasks=16
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=00:30:00
#SBATCH --output=%x-%j.log

# Settings: the environment, what to run, and how ranks are started. See slurm/README.md.
ENVIRONMENT=${ENVIRONMENT:-$HOME/distsp/.venv}
EXPERIMENT=${EXPERIMENT:-structural_plasticity}
OUTPUT=${OUTPUT:-$PWD/results-${SLURM_JOB_ID:-none}}
LAUNCH=${LAUNCH:-srun --mpi=pmi2} # for the mpich wheel

set -euo pipefail

fail() {
    echo "distsp job: $1" >&2
    exit 1
}

[ -n "${SLURM_JOB_ID:-}" ] || fail "not inside a job; submit it with: sbatch slurm/single_node.sh"
[ -x "$ENVIRONMENT/bin/python" ] ||
    fail "no Python in $ENVIRONMENT; make the environment or set ENVIRONMENT, see slurm/README.md"
"$ENVIRONMENT/bin/python" -c 'import distsp' ||
    fail "distsp is not installed in $ENVIRONMENT; see slurm/README.md"

# A rank is one process on one core. Its libraries must not start threads of their own.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
# The wheel's mpirun, for LAUNCH=mpirun.
export PATH="$ENVIRONMENT/bin:$PATH"

echo "$SLURM_NTASKS ranks on $(hostname): $EXPERIMENT -> $OUTPUT"
# LAUNCH is a command and its options: it is split on purpose.
# shellcheck disable=SC2086
exec $LAUNCH -n "$SLURM_NTASKS" \
    "$ENVIRONMENT/bin/python" -m distsp.run "$EXPERIMENT" --output "$OUTPUT"
