# xclate J13: -A announces the socket first.
xclate -m -A -N '>n2' true </dev/null
tr '\0' '\n' <n2 | sed 's,.*/xcl......,DIR,'
