# xclate J5: titles and rules; the client's own win; an empty one removes.
xclate -m -T '[%x]' -H '[/%x]' sh -c 'echo 1 | xclate a; echo 2 | xclate -T "%s:%x" b; echo 3 | xclate -T "" -H "" c' </dev/null
