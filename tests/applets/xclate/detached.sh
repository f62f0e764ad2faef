# xclate J17: -d: not in the chain, only xcl_d.
xclate -m -d sh -c 'env | grep ^xcl_ | sed "s,=.*/,=DIR/,"; echo x | xclate -u $xcl_d k; echo y | xclate k' </dev/null 2>err
sed 's,"/.*/xcl......,"DIR,' err | sort
