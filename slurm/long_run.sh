#!/usr/bin/env bash
# A run that may take longer than its time limit: before the limit it writes a checkpoint, and the
# job puts itself back into the queue to go on from it, until the run has ended:
# sbatch slurm/long_run.sh [options of distsp.run]
#SBATCH --job-name=distsp
#SBATCH --nodes=1
#SBATCH --ntasks=16
#SBATCH --cpus-per-task=1
#SBATCH --ntasks-per-core=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=04:00:00
# So many seconds before the limit; a checkpoint must be written in them.
#SBATCH --signal=B:USR1@300
#SBATCH --requeue
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append

# Settings: edit them here, or set them when submitting. See slurm/README.md.
VENV=${VENV:-$HOME/distsp/.venv}               # with distsp; every node must see it
MODULES=${MODULES:-}                           # to load first, such as the cluster's MPI
LAUNCH=${LAUNCH:-srun --mpi=pmi2 --wait=30}    # or mpirun, where srun --mpi=list has no pmi2
EXPERIMENT=${EXPERIMENT:-structural_plasticity}
CHECKPOINT_MINUTES=${CHECKPOINT_MINUTES:-30}   # what a fault of a node costs at most
RESUME=${RESUME:-}                             # results of an earlier job, to go on with them
OUTPUT=${RESUME:-${OUTPUT:-results-$SLURM_JOB_ID}}

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

newest() { # name of the newest checkpoint, nothing if there is none
    find "$OUTPUT/checkpoints" -maxdepth 1 -name 'checkpoint-*' ! -name '*.part' 2>/dev/null |
        sed 's|.*/||' | sort -t - -k 2n | tail -n 1
}
before=$(newest || true)
if [ -n "$RESUME" ]; then
    arguments=(--resume "$RESUME" "$@")
elif [ -z "${SLURM_RESTART_COUNT:-}" ]; then
    arguments=("$EXPERIMENT" --output "$OUTPUT" "$@")
elif [ -n "$before" ]; then
    arguments=(--resume "$OUTPUT") # the checkpoint knows the experiment and its changes
else # stopped before there was a checkpoint
    arguments=("$EXPERIMENT" --output "$OUTPUT" --force "$@")
fi

echo "job $SLURM_JOB_ID: $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST, attempt" \
    "$((${SLURM_RESTART_COUNT:-0} + 1)), from ${before:-the beginning}, -> $OUTPUT"
# Bash acts on signals while it waits. USR1 comes before the limit and is passed on. TERM comes
# from scancel; the ranks have got it from Slurm, and the wait for them must only not end.
limit='' interrupted=''
trap 'limit=near interrupted=yes; kill -USR1 "$launcher" || true' USR1
trap 'interrupted=yes' TERM
"${distsp[@]}" "${arguments[@]}" --checkpoint-minutes "$CHECKPOINT_MINUTES" &
launcher=$!
code=0
wait "$launcher" || code=$?
while [ -n "$interrupted" ]; do
    interrupted='' code=0
    wait "$launcher" || code=$?
done

go_on="go on with: RESUME='$OUTPUT' sbatch slurm/long_run.sh"
if [ "$code" -ne 75 ]; then # 0, or an error that would come again
    [ "$code" -eq 0 ] || echo "distsp job: exit code $code, not put back into the queue" >&2
    exit "$code"
fi
[ -n "$limit" ] || fail "stopped before its limit; if Slurm does not start it again, $go_on"
[ "$(newest)" != "$before" ] ||
    fail "has got no further than ${before:-the beginning}; give it more time and $go_on"
echo "job $SLURM_JOB_ID: limit near, back into the queue with $(newest)"
scontrol requeue "$SLURM_JOB_ID" || fail "cannot be put back into the queue; $go_on"
