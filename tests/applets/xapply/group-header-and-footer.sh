# Text around each section, with the forms of templates and, behind it, how the
# task ended.
. "$TESTS/fanout.sh"
xapply -m --group-header='== %u %[1/$]' \
  --group-footer='-- %1 %{status} %{signal}' \
  'case %1 in */k) kill -9 $$;; esac; echo out; exit 3' x/a x/k
echo --
xapply -m --group-footer='%{elapsed}' 'echo' a |
  sed -E '$s/^[0-9]+(\.[0-9]+)?(ms|s)?$/a time/'
echo --
xapply -m -s --group-header='== %1' 'case %1 in b) echo seen;; esac' a b c
