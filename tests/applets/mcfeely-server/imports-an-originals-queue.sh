# import of an original's queue directory: what was not done is, once; what
# cannot be taken over is named by its file, and the exit code is 65.
. "$TESTS/mcfeely.sh"
fleet h1 h2
for h in h1 h2; do
  comm $h mk <<'X'
echo "$MCFEELY_TASK $*" >>"$MCFEELY_COMM_DIR/../ran"
X
done
mkdir -p spool/task spool/info spool/desc spool/fnot spool/snot spool/newj \
  spool/job spool/rep spool/pid
: >spool/trigger
# numbers N... : each as 32 bits of the machine's order
numbers() { perl -e 'print pack("L*", @ARGV)' "$@"; }
task() { # N DONE REQUIRED 'WAITERS' HOST COMM ARG...
  task_n=$1
  { printf "\\$2\\$3"; numbers $4; } >spool/info/$1
  shift 4
  printf '%s\0' "$@" >spool/task/$task_n
}
job() { # FOLDER J DESC FNOT SNOT TASK...
  printf '%s' "$3" >spool/desc/$2
  printf '%s' "$4" >spool/fnot/$2
  printf '%s' "$5" >spool/snot/$2
  job_to=spool/$1/$2
  shift 5
  { printf '\0'; numbers "$@"; } >$job_to
}
task 31 1 0 '32 33' h1 mk done before
task 32 0 1 33 h2 mk 'a  b' ''
task 33 0 2 '' h1 mk last
job job 17 'new home' 'ops@example.com root' sales@example.com 31 32 33
printf 'task 31 (mk) to h1: success: made\n' >spool/rep/17
task 41 0 0 '' h1 mk new
job newj 18 'fresh' '' '' 41
mcfeely-server import spool
echo "exit $?"
ended 1
ended 2
sort ran
letters 1
mcfeely-server import spool 2>/dev/null
wc -l <ran
echo "--- what cannot be"
task 51 0 1 '' h1 mk waits for ever
job job 19 'bad' '' '' 51
task 61 0 0 '' nowhere mk
job job 20 'bad' '' '' 61
task 71 0 0 '' h1 mk litter
: >spool/pid/4711
mcfeely-server import spool >numbers 2>errors
echo "exit $?"
cat numbers errors
wc -l <ran
