# --json: an object a line for each task; bytes that are no UTF-8 in base64.
. "$TESTS/fanout.sh"
timeless() { sed -E 's/"wall":[0-9.e-]+/"wall":TIME/'; }
xapply --json -2 'printf "out %%s\\n\\t\"q\" " "%1"; echo err >&2; exit %2' \
  ü 0 b 3 2>err | timeless
cat err
xapply --json 'printf "a\377b"; kill -9 $$; : %1' a | timeless
