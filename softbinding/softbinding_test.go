package softbinding_test

import (
	"testing"

	"github.com/consentry/consentry/softbinding"
)

func TestLookup(t *testing.T) {
	l := softbinding.Snapshot()
	if len(l.Algorithms) < 32 || l.Date == "" || len(l.SHA256) != 64 {
		t.Fatalf("%d algorithms of %q", len(l.Algorithms), l.Date)
	}
	for alg, want := range map[string]struct {
		typ      string
		forVideo bool
	}{
		softbinding.ISCC:              {softbinding.Fingerprint, true},
		"com.adobe.trustmark.P":       {softbinding.Watermark, false},
		"com.digimarc.validate.1":     {softbinding.Watermark, true},
		"com.aiwatermark.videoseal.1": {softbinding.Watermark, true},
		"com.aiwatermark.audioseal.1": {softbinding.Watermark, true},
	} {
		a := softbinding.Lookup(alg)
		if a == nil || a.Type != want.typ || a.ForVideo() != want.forVideo || a.Deprecated {
			t.Errorf("%s: %+v", alg, a)
		}
	}
	for _, alg := range []string{"", "io.iscc", "IO.ISCC.V0", "com.example.unknown.7"} {
		if a := softbinding.Lookup(alg); a != nil {
			t.Errorf("%q is %+v", alg, a)
		}
	}
	if a := softbinding.Lookup("com.aiwatermark.videoseal.1"); len(a.Resolvers) != 1 {
		t.Errorf("resolvers: %v", a.Resolvers)
	}
}

func TestMark(t *testing.T) {
	for alg, want := range map[string]string{
		"org.example.imwatermark.dwtdct": "dwtDct", "com.x.DWTDCTSVD.1": "dwtDctSvd", "a-b_dwtDct": "dwtDct", "x/rivagan": "rivaGan",
		"": "", "dwtdct2": "", "com.dwtdctx": "", "io.iscc.v0": "",
	} {
		if got := softbinding.Mark(alg); got != want {
			t.Errorf("%q: %q, expected %q", alg, got, want)
		}
	}
}
