package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// Reference is something that a judgement would use and that is not at hand: a token by reference, or the status list
// of a token.
type Reference struct {
	URI  string
	S256 string // of the token's bytes, base64url without padding; empty: a status list
}

// References lists what is not at hand for a judgement of these facts, each once, in the order of the declarations.
// Only what a manifest that holds, or a verified sidecar, names is listed, and the status lists of verified tokens only:
// nobody else gets to say which addresses are asked. What is named by a token that is itself not at hand is not known
// yet. It uses no network. Consent format 1, 2 (by reference) and 6 (sources).
func References(f *Facts, trust *Trust) []Reference {
	if trust == nil {
		trust = &Trust{}
	}
	j := &judge{facts: f, trust: trust, out: &Judgement{}}
	j.lists()
	for _, s := range j.sources() {
		if s.sidecar == nil && s.manifest.State != ManifestTrusted && s.manifest.State != ManifestValid {
			continue
		}
		j.declarations(s)
	}
	var out []Reference
	add := func(r Reference) {
		if r.URI != "" && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, u := range j.units {
		for i, ref := range u.assertion.Tokens {
			if _, why := ref.text(f); why != "" {
				if _, altered := f.Files[ref.URI]; !altered {
					add(Reference{ref.URI, ref.S256})
				}
				continue
			}
			t := u.read(j, i, nil)
			if t.verified && t.token.Status != nil && !u.check.status.fresh(t.token.Status.URI, f.Now.Unix()) {
				add(Reference{URI: t.token.Status.URI})
			}
		}
	}
	return out
}

// fresh says whether a list at hand for the URI has not ended. Whether it verifies is not asked.
func (s *statusLists) fresh(uri string, at int64) bool {
	return slices.ContainsFunc(s.byURI[uri], func(l *statusList) bool { return at < l.until })
}

// WithStatusLists returns the trust with further status list tokens at hand.
func (t *Trust) WithStatusLists(more []string) *Trust {
	if t == nil {
		t = &Trust{}
	}
	out := *t
	out.StatusLists = slices.Concat(t.StatusLists, more)
	return &out
}

// ByDigest indexes tokens by the SHA-256 of their bytes in base64url, which is how a declaration that names a token by
// reference knows it.
func ByDigest(tokens []string) map[string]string {
	out := make(map[string]string, len(tokens))
	for _, t := range tokens {
		sum := sha256.Sum256([]byte(t))
		out[base64.RawURLEncoding.EncodeToString(sum[:])] = t
	}
	return out
}
