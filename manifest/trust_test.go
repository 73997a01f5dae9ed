package manifest_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// forgeTrust trusts the forge's authorities, as a case asks for.
func forgeTrust(t testing.TB, kind string) *signing.Trust {
	t.Helper()
	list := func(name string, pem []byte) signing.List {
		l, err := signing.ParseAnchors(name, pem)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	claim, tsa := list("forge", forge.ChainPEM(forge.CA().Root.Cert)), list("forge-tsa", forge.ChainPEM(forge.TSA().Root.Cert))
	out := &signing.Trust{TSA: []signing.List{tsa}}
	switch kind {
	case "none":
		return &signing.Trust{}
	case "legacy":
		claim.Legacy = true
	case "stale":
		claim.NextUpdate = forge.Clock.Add(-time.Hour)
	}
	out.Claim = []signing.List{claim}
	return out
}
