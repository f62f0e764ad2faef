# The commands of fanout(7), in its order, each with what the page says it
# prints: the page itself is the test. It prints where the two differ.
page=$TESTS/../man/fanout.7

# What stands between .Bd and .Ed, without what is for mdoc.
awk '
  /^\.Ed/ { on = 0 }
  on {
    gsub(/\\&/, "")
    gsub(/\\e/, "\\")
    print
  }
  /^\.Bd -literal/ { on = 1 }' "$page" >said

# A command after the other, in this shell: what one sets up, the next may use.
while IFS= read -r line <&4; do
  case $line in
    '$ '*)
      printf '%s\n' "$line"
      eval "${line#??}" 2>&1 4<&-
      ;;
  esac
done 4<said >done

echo "$(grep -c '^\$ ' said) commands"
diff said done && echo "the page is right"
