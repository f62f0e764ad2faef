# The commands of msrc-quickstart(7), in its order, on two hosts behind an sshd,
# each with what the page says it prints: the page itself is the test. It prints
# where the two differ.
. "$TESTS/lib.sh"
. "$TESTS/ssh.sh"
page=$TESTS/../man/msrc-quickstart.7

# ssh web1 leads to a host whose login has a home, and so a cache, of its own.
far_hosts web1 web2 >conf
mkdir -p far/web1 far/web2 bin first
cat >ssh/line <<X
#!/bin/sh
exec $far_sshd -i -f $PWD/ssh/sshd.conf \\
  -o "SetEnv=HOME=$PWD/far/\$1 XDG_CACHE_HOME=$PWD/far/\$1/.cache" \\
  2>>$PWD/ssh/sshd.log
X
sed -i 's|^ *ProxyCommand .*|& %n|' ssh/config
printf '#!/bin/sh\nexec %s -F %s/ssh/config "$@"\n' \
  "$(command -v ssh)" "$PWD" >bin/ssh
chmod +x bin/ssh
PATH=$PWD/bin:$PATH
here=$PWD

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
cd first || exit 1
while IFS= read -r line <&4; do
  case $line in
    '$ '*)
      printf '%s\n' "$line"
      eval "${line#??}" 2>&1 4<&-
      ;;
  esac
done 4<"$here/said" >"$here/done"
cd "$here" || exit 1

echo "$(grep -c '^\$ ' said) commands"
diff said done && echo "the page is right"
find far -name greeting | sort
