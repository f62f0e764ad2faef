# The examples of msrc-limits(5).
export HOME="$PWD"
mkdir etc
cp "$TESTS/fixtures/bundles/good" web1.bundle
sed 's/namespaces="[^"]*"/namespaces="bundle@fleetbox"/' \
  "$TESTS/fixtures/parcels/allowed_signers" >etc/allowed_signers
apply() {
  sed "s,/srv/www,$PWD/app,; s,/srv,$PWD," >etc/msrc-limits
  msrc-recv --trust etc/allowed_signers --principal host:web1 \
    --apply web1.bundle 2>&1 | sed "s,$PWD/,,g"
}
apply <<'END'
allow ops@example.com into /srv/www run ...
END
apply <<'END'
# Only these two, and only on working days.
allow *@example.com into /srv run 'make install' './hello; cat motd'
allow deploy@example.com into / run ... with set-id prune-all hours mon-fri/07:00-19:00
END
apply <<'END'
allow *@example.com into /srv run 'make install'
END
apply <<'END'
allow *@example.com into /srv/www/sub run ...
END
apply <<'END'
allow other@example.com into / run ...
END
apply <<'END'
allow ops@example.com run ...
END
rm -r app
