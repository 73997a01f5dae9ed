package manifest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

func TestLiveLimits(t *testing.T) {
	keys := func(n int) forge.LiveStream {
		return forge.LiveStream{Keys: func(m *forge.Map) {
			own := m.Get("keys").([]any)[0]
			list := []any{own}
			for len(list) < n {
				list = append(list, forge.Map{{K: "key", V: 1}})
			}
			m.Set("keys", list)
		}}
	}
	// Of 256 keys one holds, and the segments with it; of 257 none is read.
	for _, c := range []struct{ n, intact int }{{256, 4}, {257, 0}} {
		intact := 0
		res := judgeLive(t, keys(c.n).Make())
		for _, p := range res.Binding.Parts {
			if p.State == manifest.BindingIntact {
				intact++
			}
		}
		if intact != c.intact {
			t.Errorf("%d keys: %d segments are intact", c.n, intact)
		}
		if n := count(res.Active.Failure, "livevideo."); n > 64 {
			t.Errorf("%d findings", n)
		}
	}
	// A statement that is padded to the limit, and past it: 64 KiB with the event's own fields.
	for _, past := range []int{0, 1} {
		res := judgeLive(t, forge.LiveStream{
			COSE: func(i int, s *forge.Signer) {
				s.Unprotected = func(m *forge.Map) { m.Set("pad", make([]byte, 65536-paddingOf(t, i)+past)) }
			},
		}.Make())
		if (res.State == manifest.Trusted) != (past == 0) {
			t.Errorf("%d bytes past the limit: %s, %v", past, res.State, res.Active.Failure)
		}
	}
}

// paddingOf is how many bytes of the event there are beside the padding.
func paddingOf(t *testing.T, i int) int {
	t.Helper()
	const fill = 60000
	b := forge.LiveStream{COSE: func(_ int, s *forge.Signer) {
		s.Unprotected = func(m *forge.Map) { m.Set("pad", make([]byte, fill)) }
	}}.Make().Parts[i]
	at := bytes.Index(b, []byte("emsg"))
	size := int(b[at-4])<<24 | int(b[at-3])<<16 | int(b[at-2])<<8 | int(b[at-1])
	return size - 8 - fill
}

func count(list []report.Finding, prefix string) (n int) {
	for _, f := range list {
		if strings.HasPrefix(f.Code, prefix) {
			n++
		}
	}
	return n
}
