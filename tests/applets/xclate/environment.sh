# xclate J16: the environment of one and of two managers.
xclate -m -W '>&2' sh -c 'env | grep ^xcl_ | sed "s,=.*/,=DIR/," | sort >&2; xclate -m sh -c "env | grep ^xcl_ | sed s,=.*/,=DIR/, | sort >&2"' </dev/null 2>&1
# L1, our half: nested managers share one folder, and nothing stays behind.
xclate -m sh -c 'dirname $xcl_1 >&2; xclate -m sh -c "dirname \$xcl_2 >&2"' </dev/null 2>&1 | sort -u | wc -l | tr -d ' '
ls -A
# What runs inside a section can tell.
xclate -m sh -c 'xclate a sh -c "echo \$xcl_section" | sed s,^/.*/,DIR/,; xclate -w b sh -c "echo \${xcl_section-none}" >&2' </dev/null 2>&1 |
  sed 's,^/.*/,DIR/,'
