# The layout of the source is clang-format's.
cd "$(dirname "$0")/../.." || exit 1
command -v clang-format >/dev/null ||
  { echo "skipped: there is no clang-format"; exit 0; }
find src applets tests -name '*.cc' -o -name '*.h' |
  xargs clang-format --dry-run -Werror 2>&1 | grep 'error:' | cut -d: -f1 |
  sort -u | sed 's/$/: clang-format -i changes it/'
exit 0
